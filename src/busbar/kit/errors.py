"""Sentences that faces say in the reader's language, and the one family of refusals."""

from __future__ import annotations

from typing import Self


class Phrase:
    """A sentence of ours with a place for each of its values; as text always the Chinese one.

    A face says it in the reader's language. `values` are data, which stay as they are, or
    themselves told.

    >>> told = Phrase("没有电价 %(code)s", code="A")
    >>> str(told), told.sentence, told.values
    ('没有电价 A', '没有电价 %(code)s', {'code': 'A'})
    """

    def __init__(self, sentence: str, /, **values: object) -> None:
        """`values` fill the places of the sentence; without any it stands as it is."""
        self.sentence = sentence
        self.values = values

    def __str__(self) -> str:
        """In Chinese."""
        return self.sentence % self.values if self.values else self.sentence

    def __repr__(self) -> str:
        """As it is told."""
        return f"{type(self).__name__}({str(self)!r})"

    def __bool__(self) -> bool:
        """Whether it says anything."""
        return bool(self.sentence)

    def __eq__(self, other: object) -> bool:
        """Whether both say the same of the same."""
        if not isinstance(other, Phrase):
            return NotImplemented
        return (self.sentence, self.values) == (other.sentence, other.values)

    def __hash__(self) -> int:
        """By the sentence: values need not be hashable."""
        return hash(self.sentence)


class Refusal(Phrase, Exception):  # noqa: N818 - reads as what it is: a refusal, not a programming error
    """An operation declines: does its work or says why not, as a clerk can read and act on.

    >>> refusal = Refusal("没有电价 %(code)s", code="A")
    >>> str(refusal), refusal.sentence, refusal.values
    ('没有电价 A', '没有电价 %(code)s', {'code': 'A'})
    """

    __str__ = Exception.__str__

    def __init__(self, sentence: str, /, **values: object) -> None:
        """The text is that of the moment at which it declined."""
        Phrase.__init__(self, sentence, **values)
        Exception.__init__(self, Phrase.__str__(self))

    @classmethod
    def saying(cls, phrase: Phrase) -> Self:
        """A refusal of this kind that says what was found, or what another one said."""
        return cls(phrase.sentence, **phrase.values)


class Listing(tuple[object, ...]):
    """Several things as one value of a sentence: names of data, or told where words are ours.

    >>> str(Listing(["主变检修", Phrase("未提交")]))
    '主变检修、未提交'
    """

    __slots__ = ()

    def __str__(self) -> str:
        """In the order given, as Chinese lists them."""
        return "、".join(map(str, self))


class Reasons(tuple[Phrase, ...]):
    """Several sentences as one value of another; as text they follow each other, in Chinese.

    >>> str(Reasons([Phrase("限 %(most)s 元", most=5), Phrase("只限本人的客户")]))
    '限 5 元；只限本人的客户'
    """

    __slots__ = ()

    def __str__(self) -> str:
        """In the order in which they were found."""
        return "；".join(map(str, self))
