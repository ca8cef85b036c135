"""Who the customer is: groups, legal bodies, accounts 户号, contacts, documents, account team.

Nouns: CustomerGroup, Customer, CustomerAccount, Contact, Document, AccountTeamMember.
Neighbours below: clocks, access, journal, kit (R39, R69, R80).
"""
