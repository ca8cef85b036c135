"""A year of applications, changes, orders and money, led by the operations at pinned moments.

Every matter is a story: a generator that yields the moment of its next act. One timeline takes
the earliest act of all stories, so that the journal tells the year in its order and the jobs of
the day (ladders, silent consents, lapses, messages) run between the acts as they would have.
"""
