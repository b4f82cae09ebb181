"""All members that the library knows, in the order in which answers are listed."""

from __future__ import annotations

from typing import Final

from classifier.members.base import MemberModel
from classifier.members.bert import BertMember
from classifier.members.cnn import CnnMember
from classifier.members.lexical import LexicalMember
from classifier.types import Member

MEMBERS: Final[dict[Member, type[MemberModel]]] = {
    Member.CNN: CnnMember,
    Member.BERT: BertMember,
    Member.LEXICAL: LexicalMember,
}
