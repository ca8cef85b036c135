"""Plain Python every room may use: periods, money, units, identifiers, tables.

No Django here (import-linter contract `kit`), so that arithmetic stays testable by itself.
"""
