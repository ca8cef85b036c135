"""The one family of refusals: an operation does its work or says why not."""

from __future__ import annotations


class Refusal(Exception):  # noqa: N818 - reads as what it is: a refusal, not a programming error
    """An operation declines; the message is a sentence a clerk can read and act on.

    `sentence` is the Chinese sentence with a place for each of the `values`, so that a face can
    say it in another language; as text a refusal is always the Chinese one.

    >>> refusal = Refusal("没有电价 %(code)s", code="A")
    >>> str(refusal), refusal.sentence, refusal.values
    ('没有电价 A', '没有电价 %(code)s', {'code': 'A'})
    """

    def __init__(self, sentence: str, **values: object) -> None:
        """`values` fill the places of the sentence; without any it stands as it is."""
        super().__init__(sentence % values if values else sentence)
        self.sentence = sentence
        self.values = values


class Listing(tuple[object, ...]):
    """Several things as one value of a refusal: names of data, or refusals where words are ours.

    >>> str(Listing(["主变检修", Refusal("未提交")]))
    '主变检修、未提交'
    """

    __slots__ = ()

    def __str__(self) -> str:
        """In the order given, as Chinese lists them."""
        return "、".join(map(str, self))


class Reasons(tuple[Refusal, ...]):
    """Several refusals as one value of another; as text they follow each other, in Chinese.

    >>> str(Reasons([Refusal("限 %(most)s 元", most=5), Refusal("只限本人的客户")]))
    '限 5 元；只限本人的客户'
    """

    __slots__ = ()

    def __str__(self) -> str:
        """In the order in which they were found."""
        return "；".join(map(str, self))
