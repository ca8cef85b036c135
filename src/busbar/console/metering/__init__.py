"""读数校验: what a person must look at, the rules, one day's curve with its editing."""

from busbar.console.metering import day_curve, findings, rules

urlpatterns = [*findings.urlpatterns, *rules.urlpatterns, *day_curve.urlpatterns]
