"""Time as the rules count it: the working calendar of China with make-up working days.

Nouns: CalendarDay. Below: access, journal, kit. Time limits and clocks join later.
"""
