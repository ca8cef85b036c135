"""催费: arrears by age, the dunning ladder to the stop of supply and back.

Nouns: DunningCase, CaseStep, CasePause, StopRule.
Below: payments (what is owed), outages (the stop), notifications, workflow, clocks, customers.
"""
