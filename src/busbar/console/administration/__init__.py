"""系统管理: organisation, employees, access tokens, working calendar, background jobs."""

from busbar.console.administration import calendar, employees, organization, tasks, tokens

urlpatterns = [
    *organization.urlpatterns,
    *employees.urlpatterns,
    *tokens.urlpatterns,
    *calendar.urlpatterns,
    *tasks.urlpatterns,
]
