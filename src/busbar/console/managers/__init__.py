"""经理: orders to departments, mandates, portfolios, qualifications, agreements, measures."""

from busbar.console.managers import (
    agreements,
    mandates,
    measures,
    new_order,
    orders,
    portfolios,
    qualifications,
    standards,
    team,
)

urlpatterns = [
    *measures.urlpatterns,
    *orders.urlpatterns,
    *new_order.urlpatterns,
    *mandates.urlpatterns,
    *portfolios.urlpatterns,
    *qualifications.urlpatterns,
    *agreements.urlpatterns,
    *standards.urlpatterns,
    *team.urlpatterns,
]
