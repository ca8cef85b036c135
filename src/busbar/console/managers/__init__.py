"""经理: orders to departments, mandates, portfolios, qualifications, agreements, measures."""

from busbar.console.managers import mandates, new_order, orders

urlpatterns = [
    *orders.urlpatterns,
    *new_order.urlpatterns,
    *mandates.urlpatterns,
]
