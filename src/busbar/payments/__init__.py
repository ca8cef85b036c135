"""收费: what customers owe on their bills, the money that comes and goes, and the ledger of both.

Nouns: Receivable, Payment, PaymentMatch, PaymentRefund, PaymentPoint, LedgerTransaction, LedgerMonth.
Below: billing (bills), pricing (dated figures), customers, access, journal.
"""
