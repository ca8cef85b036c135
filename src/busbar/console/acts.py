"""Small forms on a page that holds many: each is offered to who may, acts once, and is refused
in its own place.

A page lists its acts by name. It posts to its own address with `act` (the name) and `of` (the
row it is about); a refused one is shown again, open, with what was written and the sentence.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.forms import BaseFormSet, formset_factory
from django.http import Http404
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.connections.sent_files import SentFile
from busbar.console.answers import sent, whole
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest
from busbar.kit.errors import Refusal

MOST_ROWS = 200
SAID = _("已登记")


class Rows(BaseFormSet):  # type: ignore[type-arg] # generic in the stubs only
    """Rows that may all be left out: one that is cleared is as good as not there."""

    def initial_form_count(self) -> int:
        """None: first values are a proposal, not rows that stand."""
        return 0


class FilesInput(forms.FileInput):
    """Several files in one field."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several uploaded files as the room's operations take them."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[SentFile]:
        """All files, read; an error when one is needed and none came."""
        given: Sequence[UploadedFile[Any]] = data if isinstance(data, list | tuple) else [data]
        chosen = [file for file in given if file]
        if not chosen:
            if self.required:
                raise forms.ValidationError(self.error_messages["required"], code="required")
            return []
        for file in chosen:
            super().clean(file, initial)
        return [sent(file) for file in chosen]


class PhotosField(FilesField):
    """Pictures: a phone offers its camera."""

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """What the browser lets choose; the operation looks at the bytes."""
        return {**super().widget_attrs(widget), "accept": "image/jpeg,image/png"}


class DayField(forms.DateField):
    """A day, by the browser's own calendar."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class MomentField(forms.DateTimeField):
    """A moment of Chinese civil time, to the minute."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


def paragraph(rows: int = 3) -> forms.Textarea:
    """A box for more than a line."""
    return forms.Textarea(attrs={"rows": rows})


class ActForm(forms.Form):
    """A form that may take its choices from what it is about."""

    def fit(self, doing: Doing) -> None:
        """Fill in choices and first values; called before the form is shown or checked."""


@dataclass
class Doing:
    """Somebody acts: on the page's subject, on one row of it (`of`), with checked values."""

    viewer: Viewer
    subject: Any
    of: int | None
    at: dt.datetime
    data: dict[str, Any] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def row_id(self) -> int:
        """The row it is about; 404 where the form names none."""
        if self.of is None:
            raise Http404
        return self.of


@dataclass(frozen=True)
class Act:
    """One thing that can be done on a page; `permission` decides to whom it is offered."""

    label: str | Promise
    do: Callable[[Doing], object]
    """A text it returns is what the person is told; otherwise `said` is."""
    permissions: tuple[Permission, ...]
    form: type[ActForm] = ActForm
    rows: type[forms.Form] | None = None
    rows_label: str | Promise = ""
    first_rows: Callable[[Doing], list[dict[str, Any]]] | None = None
    said: str | Promise = SAID
    icon: str = "pencil"
    slow: str | Promise = ""
    is_first: bool = False
    note: str | Promise = ""


@dataclass
class Offered:
    """An act as the page draws it."""

    name: str
    act: Act
    of: int | None
    form: ActForm
    rows: BaseFormSet[Any] | None
    is_open: bool = False

    @property
    def id(self) -> str:
        """The element's id, different for each row."""
        return f"act-{self.name}-{self.of or 0}"


class Acts:
    """The acts of a page for one reader."""

    def __init__(self, acts: Mapping[str, Act], request: StaffRequest, subject: Any) -> None:
        self.acts, self.request, self.subject = acts, request, subject
        self.refused: Offered | None = None

    def offer(self, name: str, of: int | None = None) -> Offered | None:
        """The act to be drawn; None where it is not to be done here, or not by this reader."""
        act = self.acts.get(name)
        if act is None or not self.may(act):
            return None
        if self.refused is not None and (self.refused.name, self.refused.of) == (name, of):
            return self.refused
        return self._make(name, of, bound=False)

    def may(self, act: Act) -> bool:
        """Whether the reader holds one of the permissions."""
        return any(self.request.viewer.may(p) for p in act.permissions)

    def post(self) -> bool:
        """Do what was posted; False when it was refused and is to be shown again."""
        name, of = self.request.POST.get("act", ""), self.request.POST.get("of", "")
        if name not in self.acts:
            raise Http404
        act = self.acts[name]
        if not self.may(act):
            self.request.viewer.require(act.permissions[0])
        offered = self._make(name, whole(of), bound=True)
        said = self._done(offered)
        if said is None:
            offered.is_open, self.refused = True, offered
            return False
        messages.success(self.request, said)
        return True

    def _done(self, offered: Offered) -> str | None:
        """What to tell when it was done; None where it was refused."""
        whole_rows = offered.rows is None or offered.rows.is_valid()
        if not offered.form.is_valid() or not whole_rows:
            return None
        doing = self._doing(offered.of)
        doing.data = offered.form.cleaned_data
        doing.rows = [dict(row) for row in offered.rows.cleaned_data if row] if offered.rows else []
        try:
            with transaction.atomic():
                told = offered.act.do(doing)
        except Refusal as refusal:
            offered.form.add_error(None, said(refusal))
            return None
        return told if isinstance(told, str) else str(offered.act.said)

    def _make(self, name: str, of: int | None, *, bound: bool) -> Offered:
        act, doing = self.acts[name], self._doing(of)
        data = self.request.POST if bound else None
        files = self.request.FILES if bound else None
        form = act.form(data, files, auto_id=f"id-{name}-{of or 0}-%s")
        form.fit(doing)
        rows = None
        if act.rows is not None:
            first = act.first_rows(doing) if act.first_rows and not bound else []
            made = formset_factory(
                act.rows,
                formset=Rows,
                extra=len(first) + 1,
                max_num=MOST_ROWS,
                absolute_max=MOST_ROWS,
            )
            rows = made(
                data, files, prefix="rows", auto_id=f"id-{name}-{of or 0}-%s", initial=first or None
            )
        return Offered(name, act, of, form, rows)

    def _doing(self, of: int | None) -> Doing:
        return Doing(self.request.viewer, self.subject, of, timezone.now())


def blank_or(choices: Iterable[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Choices of a row, which begins with nothing chosen: an untouched row is left out."""
    return [("", _("请选择")), *choices]
