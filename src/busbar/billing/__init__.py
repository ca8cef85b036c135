"""What is owed and why: rating, bill runs, bills with their lines.

Nouns: BillRun, Bill, BillLine. Below: metering, supply, pricing, customers, ground
(R25, N7, N14).
"""
