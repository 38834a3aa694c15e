"""All that an office can ask about its texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.api.operation import Operation
from edge.texts.conversation_api import ConversationApi
from edge.texts.office_api import OfficeApi

if TYPE_CHECKING:
    from edge.texts.texts import Texts

__all__ = ["operations"]


def operations(texts: Texts) -> list[Operation]:
    return [*ConversationApi(texts).operations(), *OfficeApi(texts).operations()]
