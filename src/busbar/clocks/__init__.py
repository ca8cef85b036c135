"""Time as the rules count it: working days, time limits with their sources, running clocks.

Nouns: CalendarDay, TimeLimit and its rule sets, Clock and what happens to it, Holding.
Below: access, journal, kit.
"""
