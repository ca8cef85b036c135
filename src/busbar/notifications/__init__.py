"""Messages to people, the channels that carry them, and the receipts.

Nouns: Message, Delivery, Receipt, MessageTemplate, QuietHours.
Below: customers, clocks, access, journal, kit. Who must hear what is decided above.
"""
