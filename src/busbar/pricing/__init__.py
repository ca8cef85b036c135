"""What electricity costs by rule and date: rule sets, tariffs, time of use, surcharges.

Nouns: RuleSet, RuleParameter, Tariff, TariffPrice, TimeOfUseScheme, TimeOfUseInterval,
PowerFactorStep, Surcharge, TariffDraft. Below: clocks, access, journal, kit (R25, N1). Prices
are public: everybody who is signed in may read them.
"""
