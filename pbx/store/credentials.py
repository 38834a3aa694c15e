"""Which log-ins count at this moment, by the names that the API gives them; for what must not ask one by one."""

from __future__ import annotations

import sqlite3

from pbx.store.database import Database
from pbx.store.table import timestamp

__all__ = ["live_credentials"]

_QUERY = """
SELECT 'session:' || lower(hex(s.secret_hash)), CASE WHEN u.role IN ('owner', 'admin') THEN :any ELSE u.extension END
  FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.enabled AND s.expires_at > :now
UNION ALL
SELECT 'grant:' || g.id,
       CASE WHEN u.role IN ('owner', 'admin') AND g.kind <> 'app' THEN :any ELSE u.extension END
  FROM grants g JOIN users u ON u.id = g.user_id WHERE u.enabled AND g.expires_at > :now
UNION ALL
SELECT 'token:' || t.id, CASE WHEN u.id IS NULL OR u.role IN ('owner', 'admin') THEN :any ELSE u.extension END
  FROM tokens t LEFT JOIN users u ON u.id = t.user_id
 WHERE (t.user_id IS NULL OR u.enabled) AND (t.expires_at IS NULL OR t.expires_at > :now)
"""


async def live_credentials(database: Database, everything: str) -> dict[str, str]:
    """Each with the extension that it may speak for, or `everything`."""
    values = {"now": timestamp(database.clock.now()), "any": everything}

    def work(connection: sqlite3.Connection) -> dict[str, str]:
        return {name: extension or "" for name, extension in connection.execute(_QUERY, values)}

    return await database.read(work)
