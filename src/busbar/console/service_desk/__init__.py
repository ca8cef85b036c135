"""客户服务: visits and talks, the promise ledger, complaints, satisfaction, surveys."""

from busbar.console.service_desk import (
    complaints,
    interactions,
    promises,
    satisfaction,
    surveys,
)

urlpatterns = [
    *interactions.urlpatterns,
    *promises.urlpatterns,
    *complaints.urlpatterns,
    *satisfaction.urlpatterns,
    *surveys.urlpatterns,
]
