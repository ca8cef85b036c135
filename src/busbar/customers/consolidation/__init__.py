"""From meter points to customers: which entries of an archive are one legal body (R80).

Pure below `engine.py`: names, addresses, phones, features. `engine.py` weighs pairs with Splink,
`deciding.py` says what becomes of them. docs/algorithms/consolidation.md has the formulas.
"""
