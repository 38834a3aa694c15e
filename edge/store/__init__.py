"""Where the edge keeps what it knows: SQLite for one, PostgreSQL when there are several."""

from __future__ import annotations

from edge.store.open import open_store
from edge.store.store import Row, Statements, Store, StoreError

__all__ = ["Row", "Statements", "Store", "StoreError", "open_store"]
