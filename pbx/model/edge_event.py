"""What the edge says has changed: published on the node's bus under the topic `edge`."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

from pbx.model.base import Record

__all__ = ["EDGE_TOPICS", "EdgeEvent", "EdgeTopic"]

EdgeTopic = Literal["conversations", "campaigns", "numbers", "edge"]
EDGE_TOPICS: tuple[EdgeTopic, ...] = get_args(EdgeTopic)


class EdgeEvent(Record, frozen=True, kw_only=True):
    """A conversation, campaign or number is new or different. `document` is a JSON object, as the edge wrote it; `null`
    when it is gone. `id` names it: the field `id` of the document.
    """

    topic: EdgeTopic
    id: str
    document: msgspec.Raw
