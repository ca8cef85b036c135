"""工作台, tasks and processes: the screens of `busbar.workflow` and of the clocks beside it."""

from busbar.console.workflow import (
    attachments,
    clock_page,
    clock_pauses,
    comments,
    consultations,
    process_page,
    task_actions,
    task_page,
    work_list,
)

urlpatterns = [
    *work_list.urlpatterns,
    *task_page.urlpatterns,
    *task_actions.urlpatterns,
    *consultations.urlpatterns,
    *process_page.urlpatterns,
    *comments.urlpatterns,
    *clock_page.urlpatterns,
    *clock_pauses.urlpatterns,
    *attachments.urlpatterns,
]
