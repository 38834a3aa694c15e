-- Small things the node remembers for itself across restarts: whose turn it is in a group, and the like.
CREATE TABLE state (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL -- JSON
) STRICT, WITHOUT ROWID;
