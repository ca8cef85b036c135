"""Addresses of the console; every file of the face lists its own."""

from busbar.console import (
    administration,
    billing,
    curves,
    customer_page,
    customers,
    editing,
    imports,
    journal,
    network,
    preferences,
    pricing,
    search,
    today,
)

urlpatterns = [
    *today.urlpatterns,
    *preferences.urlpatterns,
    *search.urlpatterns,
    *customers.urlpatterns,
    *customer_page.urlpatterns,
    *curves.urlpatterns,
    *editing.urlpatterns,
    *billing.urlpatterns,
    *network.urlpatterns,
    *pricing.urlpatterns,
    *imports.urlpatterns,
    *journal.urlpatterns,
    *administration.urlpatterns,
]
