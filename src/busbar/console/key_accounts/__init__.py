"""大客户: the list with reasons, the rules, reviews, segments, value."""

from busbar.console.key_accounts import listing, overriding, ruling

urlpatterns = [
    *ruling.urlpatterns,
    *overriding.urlpatterns,
    *listing.urlpatterns,
]
