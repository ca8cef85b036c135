"""流程定义: processes by version, drafts uploaded, compared, published, retired, migrated to."""

from busbar.console.definitions import catalog, changing, comparing, migrating

urlpatterns = [
    *catalog.urlpatterns,
    *changing.urlpatterns,
    *comparing.urlpatterns,
    *migrating.urlpatterns,
]
