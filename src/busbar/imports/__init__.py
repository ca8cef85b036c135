"""Files from other systems: what came, how its columns were read, which rows were refused.

Nouns: ImportRun, ImportFile, RowError, ColumnMapping. Stands above the registers because one
archive fills all of them; below: billing, metering, supply, customers, network, pricing, ground
(R20, R80, U34). See docs/decisions/0001-imports-room.md.
"""
