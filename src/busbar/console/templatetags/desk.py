"""How the desk writes due times, elapsed parts, days of a clock, and who is spoken to."""

from __future__ import annotations

import re
from typing import Any

from django import template
from django.utils.html import conditional_escape, format_html, linebreaks
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from busbar.access.models import Role
from busbar.console.templatetags.console import moment
from busbar.console.workflow.due import Due

register = template.Library()

_MENTION = re.compile(r"@[\w·]{1,50}")
_WIDGETS = {"integer": "number", "decimal": "number", "date": "day", "datetime": "moment"}


@register.simple_tag
def due_chip(due: Due) -> SafeString:
    """A due time as a chip; the moment itself is its title."""
    title = moment(due.at) if due.at else ""
    words = _("%(words)s（暂定）") % {"words": due.words} if due.is_provisional else due.words
    tone = f" tag-{due.tone}" if due.tone else ""
    return format_html('<span class="tag due{}" title="{}">{}</span>', tone, title, words)


@register.filter
def widget(kind: str) -> str:
    """The template that draws a field of this kind."""
    return f"console/workflow/fields/{_WIDGETS.get(kind, kind)}.html"


@register.filter
def cell_widget(kind: str) -> str:
    """The same within a row of a table, where there is little room."""
    name = {"choice": "select", "yes_no": "yes_no_select", "choices": "select"}.get(kind, kind)
    return f"console/workflow/fields/{_WIDGETS.get(name, name)}.html"


@register.filter
def role_name(role: str) -> str:
    """A role in words."""
    return str(Role(role).label) if role in Role.values else role


@register.filter
def said(text: str) -> SafeString:
    """A comment as paragraphs, with whom it speaks to marked."""
    escaped = str(conditional_escape(text))
    marked = _MENTION.sub(lambda found: f'<b class="mention">{found[0]}</b>', escaped)
    return mark_safe(linebreaks(marked))  # noqa: S308 - escaped above, only our own tag is added


@register.filter
def is_photo(attachment: Any) -> bool:
    """Whether the file may be shown as a picture."""
    return attachment.content_type in {"image/png", "image/jpeg"}
