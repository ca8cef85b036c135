"""客户服务: visits and talks, the promise ledger, complaints, satisfaction, surveys."""

from busbar.console.service_desk import (
    complaints,
    interactions,
    promises,
    publishing,
    satisfaction,
    surveys,
)

urlpatterns = [
    *interactions.urlpatterns,
    *promises.urlpatterns,
    *publishing.urlpatterns,
    *complaints.urlpatterns,
    *satisfaction.urlpatterns,
    *surveys.urlpatterns,
]
