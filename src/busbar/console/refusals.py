"""What a refusal says to the person at the screen, in their language."""

from __future__ import annotations

from django.utils.translation import gettext as translated

from busbar.kit.errors import Listing, Reasons, Refusal


def said(refusal: Refusal) -> str:
    """The sentence in the language of the screen; in Chinese where nobody has translated it."""
    if not refusal.sentence:
        return str(refusal)
    sentence = translated(refusal.sentence)
    if not refusal.values:
        return sentence
    return sentence % {name: _value(value) for name, value in refusal.values.items()}


def _value(value: object) -> object:
    """A value in the language of the screen where it is made of refusals or lists itself."""
    if isinstance(value, Reasons):
        return translated("；").join(map(said, value))
    if isinstance(value, Listing):
        return translated("、").join(str(_value(one)) for one in value)
    return said(value) if isinstance(value, Refusal) else value
