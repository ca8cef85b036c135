"""The one family of refusals: an operation does its work or says why not."""


class Refusal(Exception):  # noqa: N818 - reads as what it is: a refusal, not a programming error
    """An operation declines; the message is a sentence a clerk can read and act on."""
