"""追补与赔偿: the list of claims, asking for one, one claim with its computation."""

from busbar.console.claims import new, pages

urlpatterns = [*new.urlpatterns, *pages.urlpatterns]
