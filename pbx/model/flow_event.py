"""The way of a call through flows."""

from __future__ import annotations

from pbx.model.in_call import InCall


class FlowEntered(InCall, frozen=True, kw_only=True, tag="flow"):
    """The call begins to walk a flow. `revision` is that of the whole walk there, whatever is published meanwhile; 0:
    the draft. `test` is what was dialled to try the flow out, "" for every other call."""

    flow: str
    name: str
    revision: int
    test: str = ""


class NodeEntered(InCall, frozen=True, kw_only=True, tag="node_entered"):
    """The call has come to a node; `kind` is its type."""

    flow: str
    node: str
    kind: str


class NodeLeft(InCall, frozen=True, kw_only=True, tag="node_left"):
    """It leaves by this exit, "" for none: the call is over, or goes on in another flow. `detail` is why it failed."""

    flow: str
    node: str
    exit: str
    detail: str = ""


FlowEvent = FlowEntered | NodeEntered | NodeLeft
