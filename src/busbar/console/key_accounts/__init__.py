"""大客户: the list with reasons, the rules, reviews, segments, relationships, value."""

from busbar.console.key_accounts import (
    catalogue,
    closeness,
    figures,
    grading,
    listing,
    overriding,
    reviewing,
    ruling,
    segmenting,
    simulating,
)

urlpatterns = [
    *ruling.urlpatterns,
    *figures.urlpatterns,
    *catalogue.urlpatterns,
    *reviewing.urlpatterns,
    *simulating.urlpatterns,
    *grading.urlpatterns,
    *segmenting.urlpatterns,
    *closeness.urlpatterns,
    *overriding.urlpatterns,
    *listing.urlpatterns,
]
