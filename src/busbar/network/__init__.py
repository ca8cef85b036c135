"""The grid up to the customer: substations, feeders, transformers and their capacities.

Nouns: Substation, Feeder, PublicTransformer. Below: clocks, access, journal, kit (R35).
"""
