"""追补与赔偿: what is owed beside the bills, computed by rule and decided by a second person.

Nouns: Claim.
Below: payments (what is owed), billing (the computation), customers, access, journal.
"""
