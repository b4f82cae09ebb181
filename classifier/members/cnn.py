"""CNN: the image member, a head over a convolutional network's pooled features."""

from __future__ import annotations

from typing import ClassVar

from classifier.members.base import Source
from classifier.members.head import LinearHead
from classifier.types import Member


class CnnMember(LinearHead):
    """Reads the product's picture."""

    member: ClassVar[Member] = Member.CNN
    source: ClassVar[Source] = Source.IMAGE_VECTORS
