"""停电: planned, fault, arrears, breach and safety stops; who is affected; restoration.

Nouns: Outage, AffectedPoint.
Below: metering, supply (points, sources), network (feeders), customers, clocks, access, journal.
"""
