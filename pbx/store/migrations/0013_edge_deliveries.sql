-- What an edge has delivered: written together with the message or the call itself, so that each is taken once.
CREATE TABLE edge_deliveries (
    id       TEXT PRIMARY KEY,
    kind     TEXT NOT NULL,
    taken_at REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX edge_deliveries_by_time ON edge_deliveries (taken_at);
