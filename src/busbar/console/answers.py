"""What the forms of these screens share: acting once, refused beside the field, files, words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse

from busbar.connections.sent_files import SentFile
from busbar.console.refusals import said
from busbar.kit.errors import Refusal


def done(form: forms.Form, act: Callable[[], object]) -> bool:
    """Do it when the form holds; a refusal becomes the form's own error."""
    if not form.is_valid():
        return False
    try:
        act()
    except Refusal as refusal:
        form.add_error(None, said(refusal))
        return False
    return True


def sent(file: UploadedFile[Any]) -> SentFile:
    """An uploaded file as the room's operations take it."""
    return SentFile(file.name or "", file.read())


def tell_and_go(
    request: HttpRequest, sentence: str, name: str, *arguments: object, fragment: str = ""
) -> HttpResponseRedirect:
    """On to a page, with the sentence shown there."""
    messages.success(request, sentence)
    return HttpResponseRedirect(reverse(name, args=arguments) + fragment)


def url_or_nothing(name: str, *arguments: object) -> str:
    """The address of a page that may not be there."""
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return ""


def one_of(text: str, values: Iterable[str]) -> str:
    """The text where it is one of the values, else nothing."""
    return text if text in values else ""


def whole(text: str) -> int | None:
    """A whole number that a key may be; None for anything else."""
    most = 18
    return int(text) if text.isdecimal() and len(text) <= most else None


def initial_of(row: Any, names: Iterable[str]) -> dict[str, Any]:
    """A row's values as a form begins with them."""
    return {name: getattr(row, name) for name in names}
