"""Changes of supply (变更用电) as arithmetic: what a rule asks for, what it does to the charge.

Plain values in, objections and explained amounts out: no database, no clock, no Django.
The rules are data (seed/change_rules.toml, table ChangeRule).
"""
