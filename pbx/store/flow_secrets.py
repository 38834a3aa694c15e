"""Secrets inside flows: a webhook's signing key stands sealed in drafts, revisions and the audit log.

A sealed one is `sealed:` and base64. The same key seals to the same text, so that a draft that was typed anew is still
what is live. Whoever reads a flow, or an export of it, reads what only this node can open.
"""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Callable
from typing import Any

import msgspec

from pbx.core.errors import UserError
from pbx.core.secret import SealBrokenError, SecretBox
from pbx.model.flow import Flow, FlowNode

__all__ = ["FLOW_SECRETS", "FlowSecrets"]

FLOW_SECRETS = {"webhook": ("signing_key",)}
"""By the type of a node: which of its parameters are secret."""
MARK = "sealed:"
CONTEXT = "flow"
_PLACES = (("records", "record"), ("flow_revisions", "document"), ("audit", "before"), ("audit", "after"))


class FlowSecrets:
    """Seals and opens them with the node's key."""

    def __init__(self, box: SecretBox) -> None:
        self._box = box

    def sealed(self, flow: Flow) -> Flow:
        """Raises `UserError` for a secret that another node has sealed."""
        return _changed(flow, self._seal)

    def opened(self, flow: Flow) -> Flow:
        """With its secrets in clear, for an export that is to hold them."""
        return _changed(flow, lambda text, _: self.open(text))

    def open(self, text: str) -> str:
        """Raises `SealBrokenError`. What is in clear stays so."""
        if not text.startswith(MARK):
            return text
        try:
            sealed = base64.b64decode(text.removeprefix(MARK), validate=True)
        except ValueError:
            raise SealBrokenError("the sealed secret of a flow is damaged") from None
        return self._box.open(sealed, context=CONTEXT)

    def _seal(self, text: str, path: str) -> str:
        if text.startswith(MARK):
            try:
                self.open(text)
            except SealBrokenError:
                raise UserError(
                    "this secret was sealed by another node, or with a key that is gone",
                    http_status=422,
                    path=path,
                    action="Type it again, or take it from an export --with-secrets",
                ) from None
            return text
        sealed = self._box.seal(text, context=CONTEXT, same=True)
        return MARK + base64.b64encode(sealed).decode()

    def work(self, connection: sqlite3.Connection, then: FlowSecrets | None = None) -> int:
        """Seal what an older version left in clear; with `then`, seal all anew with that key. How many rows."""
        wanted, count = then or self, 0

        def change(text: str) -> str:
            try:
                return wanted._seal(self.open(text), "")
            except SealBrokenError:
                return text  # it opens no more; it is asked for when somebody needs it

        for table, column in _PLACES:
            rows = connection.execute(
                f"SELECT rowid, {column} FROM {table} WHERE {column} LIKE '%signing_key%'"  # noqa: S608  our words
                if table == "audit"
                else f"SELECT {_KEYS[table]}, {column} FROM {table} WHERE {column} LIKE '%signing_key%'"  # noqa: S608
            ).fetchall()
            for *key, text in rows:
                document = msgspec.json.decode(text)
                if not _change_raw(document, change):
                    continue
                where = (
                    "rowid=?"
                    if table == "audit"
                    else " AND ".join(f"{one}=?" for one in _KEYS[table].split(", "))
                )
                connection.execute(
                    f"UPDATE {table} SET {column}=? WHERE {where}",  # noqa: S608
                    (msgspec.json.encode(document).decode(), *key),
                )
                count += 1
        return count


_KEYS = {"records": "kind, key", "flow_revisions": "flow, revision"}


def _changed(flow: Flow, change: Callable[[str, str], str]) -> Flow:
    nodes: dict[str, FlowNode] = {}
    for name, node in flow.nodes.items():
        for field in FLOW_SECRETS.get(node.type, ()):
            old = node.parameters.get(field)
            if isinstance(old, str) and old:
                new = change(old, f"$.nodes.{name}.parameters.{field}")
                if new != old:
                    nodes[name] = msgspec.structs.replace(node, parameters={**node.parameters, field: new})
    return msgspec.structs.replace(flow, nodes={**flow.nodes, **nodes}) if nodes else flow


def _change_raw(document: Any, change: Callable[[str], str]) -> bool:
    """The same in JSON, where it stands; whether anything changed."""
    nodes = document.get("nodes") if isinstance(document, dict) else None
    changed = False
    for node in nodes.values() if isinstance(nodes, dict) else ():
        for field in FLOW_SECRETS.get(node.get("type", ""), ()):
            old = node.get("parameters", {}).get(field)
            if isinstance(old, str) and old and (new := change(old)) != old:
                node["parameters"][field] = new
                changed = True
    return changed
