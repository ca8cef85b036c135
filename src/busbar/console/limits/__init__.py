"""办理时限: what holds for whom, which rules a company follows, its own, and the calculator."""

from busbar.console.limits import calculator, company, hours, reading

urlpatterns = [
    *calculator.urlpatterns,
    *company.urlpatterns,
    *hours.urlpatterns,
    *reading.urlpatterns,
]
