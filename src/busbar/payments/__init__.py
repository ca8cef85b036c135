"""收费: what customers owe on bills, the money that comes and goes, the ledger of both.

Nouns: Receivable, Payment, PaymentMatch, PaymentRefund, PaymentPoint, LedgerTransaction.
Below: billing (bills), pricing (dated figures), customers, access, journal.
"""
