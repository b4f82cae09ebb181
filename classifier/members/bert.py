"""BERT: the text member, a head over a transformer's sentence embedding."""

from __future__ import annotations

from typing import ClassVar

from classifier.members.base import Source
from classifier.members.head import LinearHead
from classifier.types import Member


class BertMember(LinearHead):
    """Reads title and description."""

    member: ClassVar[Member] = Member.BERT
    source: ClassVar[Source] = Source.TEXT_VECTORS
