"""收费: payments and their queue, receivables by age, points, refunds, the ledger."""

from busbar.console.payments import ledger, money, points, receivables, refunds

urlpatterns = [
    *money.urlpatterns,
    *receivables.urlpatterns,
    *points.urlpatterns,
    *refunds.urlpatterns,
    *ledger.urlpatterns,
]
