"""What the program says to the person at the screen, in their language."""

from __future__ import annotations

from django.utils.translation import gettext as translated

from busbar.kit.errors import Listing, Phrase, Reasons


def said(phrase: Phrase) -> str:
    """The sentence in the language of the screen; in Chinese where nobody has translated it."""
    if not phrase.sentence:
        return str(phrase)
    sentence = translated(phrase.sentence)
    if not phrase.values:
        return sentence
    return sentence % {name: _value(value) for name, value in phrase.values.items()}


def _value(value: object) -> object:
    """A value in the language of the screen where it is made of phrases or lists itself."""
    if isinstance(value, Reasons):
        return translated("；").join(map(said, value))
    if isinstance(value, Listing):
        return translated("、").join(str(_value(one)) for one in value)
    return said(value) if isinstance(value, Phrase) else value
