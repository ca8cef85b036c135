"""What a refusal says to the person at the screen, in their language."""

from __future__ import annotations

from django.utils.translation import gettext as translated

from busbar.kit.errors import Refusal


def said(refusal: Refusal) -> str:
    """The sentence in the language of the screen; in Chinese where nobody has translated it."""
    if not refusal.sentence:
        return str(refusal)
    sentence = translated(refusal.sentence)
    if not refusal.values:
        return sentence
    return sentence % {
        name: said(value) if isinstance(value, Refusal) else value
        for name, value in refusal.values.items()
    }
