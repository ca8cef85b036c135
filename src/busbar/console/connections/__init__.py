"""Screens of connections: applications, changes, orders, and the customer's own page."""

from busbar.console.connections import (
    applications,
    changes,
    contractors,
    documents,
    fees,
    green_channel,
    new_application,
    orders,
    papers,
    progress,
    schemes,
    surveys,
    works,
)

urlpatterns = [
    *progress.urlpatterns,
    *new_application.urlpatterns,
    *green_channel.urlpatterns,
    *documents.urlpatterns,
    *surveys.urlpatterns,
    *papers.urlpatterns,
    *changes.urlpatterns,
    *orders.urlpatterns,
    *schemes.urlpatterns,
    *fees.urlpatterns,
    *contractors.urlpatterns,
    *works.urlpatterns,
    # Last: the number of an application would match the other words at its place.
    *applications.urlpatterns,
]
