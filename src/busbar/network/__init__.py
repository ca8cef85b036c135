"""The grid up to the customer: substations, feeders, transformers and their capacities.

Nouns: Substation, SubstationTransformer, Feeder, FeederTie, ConductorType, PublicTransformer.
Below: clocks, access, journal, kit (R35).
"""
