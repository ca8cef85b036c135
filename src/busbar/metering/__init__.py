"""What was measured: meters, ratios, installations, interval data in the lake.

Nouns: Meter, MeterInstallation, ReadingType, ReadingSource, LakeCommit; day curves live in
the Delta Lake under `lake/`. Below: supply, customers, network, pricing, ground (R20, N14).
"""
