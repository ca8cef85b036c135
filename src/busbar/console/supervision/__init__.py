"""督办: findings, how often promises are kept, whose the delay is, open clocks and escalations."""

from busbar.console.supervision import delays, findings, rates, running

urlpatterns = [
    *findings.urlpatterns,
    *rates.urlpatterns,
    *delays.urlpatterns,
    *running.urlpatterns,
]
