"""The types of nodes, as the palette, the forms and the reference page show them."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from pbx.model.base import Record
from pbx.model.flow import Flow

__all__ = ["FlowNodeType", "FlowTemplate", "NodeExit", "TemplateNeed"]


class NodeExit(Record, frozen=True, kw_only=True):
    """A way out of a node. With `each`, there is one for each element of that parameter: `name` and `title` are then
    the fields of the element."""

    name: str
    title: str
    optional: Annotated[bool, Meta(description="May be left unwired: the call then ends politely.")] = False
    waits: Annotated[bool, Meta(description="Time has passed when a call leaves here.")] = False
    when: Annotated[
        str, Meta(description="Only when this parameter is set; with a ! before it, when it is not.")
    ] = ""
    each: Annotated[str, Meta(description="The parameter, a list, whose elements are exits.")] = ""


class FlowNodeType(Record, frozen=True, kw_only=True):
    """A type of node. `parameters` is the JSON Schema of what stands in a flow's document under that name."""

    type: str
    title: str
    group: str
    description: str
    parameters: dict[str, Any]
    exits: tuple[NodeExit, ...]
    goes_to_flow: Annotated[bool, Meta(description="Calls go on in another flow.")] = False


class TemplateNeed(Record, frozen=True, kw_only=True):
    """A record that the flow names, and that the office has to have first."""

    kind: str
    key: str
    name: str = ""


class FlowTemplate(Record, frozen=True, kw_only=True):
    """A flow to begin with. It passes its tests in an office that has what it `needs`."""

    id: str
    name: str
    description: str
    needs: tuple[TemplateNeed, ...] = ()
    flow: Flow
