"""访问令牌: one's own keys to the API, shown once."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from busbar.access import operations as access_operations
from busbar.access import queries as access_queries
from busbar.access.models import ApiToken
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest
from busbar.kit.errors import Refusal


class TokenForm(forms.Form):
    """What the key is for and how long it lasts."""

    name = forms.CharField(label=gettext_lazy("用途"), max_length=60)
    valid_days = forms.IntegerField(label=gettext_lazy("有效天数"), initial=90, min_value=1)


@never_cache
@require_http_methods(["GET", "POST"])
def token_list(request: StaffRequest) -> HttpResponse:
    """One's own keys; a new one is on the answer and nowhere else."""
    form, plain = TokenForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        try:
            issued = access_operations.issue_api_token(
                user=request.user, **form.cleaned_data, by=request.viewer, at=timezone.now()
            )
            plain, form = issued.plain, TokenForm()
        except Refusal as refusal:
            form.add_error(None, said(refusal))
    context = {
        "form": form,
        "plain": plain,
        "tokens": access_queries.list_tokens(request.user),
        "now": timezone.now(),
    }
    status = 422 if form.errors else 200
    return render(request, "console/administration/tokens.html", context, status=status)


@require_POST
def token_revoke(request: StaffRequest, token_id: int) -> HttpResponse:
    """End one of one's own keys."""
    token = ApiToken.objects.select_related("user").get(pk=token_id, user=request.user)
    try:
        access_operations.revoke_api_token(token=token, by=request.viewer, at=timezone.now())
        messages.success(request, _("令牌已撤销"))
    except Refusal as refusal:
        messages.error(request, said(refusal))
    return redirect("token_list")


urlpatterns = [
    path("tokens/", token_list, name="token_list"),
    path("tokens/<int:token_id>/revoke/", token_revoke, name="token_revoke"),
]
