"""How a customer is supplied: sites, usage points, sources, transformers, agreements.

Nouns: Site, UsagePoint, PowerSource, Transformer, TransformerState, Agreement.
Below: customers, network, pricing, clocks, access, journal, kit (R34–R37, R42).
"""
