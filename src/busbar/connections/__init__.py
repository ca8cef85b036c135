"""业扩报装: applications for new or larger supply, changes of supply, from form to energising.

Nouns: ConnectionApplication, SupplyScheme and the papers, fees, works and orders around them.
Below: billing, metering, supply, notifications, customers, network, pricing, workflow, ground.
"""
