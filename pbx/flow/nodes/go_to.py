"""Go on in another flow."""

from __future__ import annotations

from typing import Annotated

from pbx.flow.context import Context
from pbx.flow.node import Node
from pbx.model.kind import ref
from pbx.model.scalars import ExtensionNumber


class GoTo(Node, frozen=True, kw_only=True, tag="go_to"):
    """The call goes on at the entry of another flow, and does not come back."""

    title = "Go to flow"
    group = "logic"
    flow: Annotated[ExtensionNumber, ref("flow", title="Flow")]

    @property
    def next_flow(self) -> str | None:
        return self.flow

    async def run(self, context: Context) -> str:
        raise RuntimeError("the engine goes on by itself")
