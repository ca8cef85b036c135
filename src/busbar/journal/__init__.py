"""The journal: what happened, to what, by whom, when and why; append-only and hash-chained.

Nouns: Entry, OutboxCursor. Below: kit only, so that every other room can write into it.
Jobs read it as the outbox: entries after their cursor, each exactly once.
"""
