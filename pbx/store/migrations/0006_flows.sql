-- Published flows. A revision never changes and stays when its flow is deleted: calls of the past name it.
CREATE TABLE flow_revisions (
    flow           TEXT NOT NULL,
    revision       INTEGER NOT NULL,
    at             REAL NOT NULL,
    author         TEXT NOT NULL,
    comment        TEXT NOT NULL,
    overridden     TEXT NOT NULL,
    rolled_back_to INTEGER,
    document       TEXT NOT NULL,
    PRIMARY KEY (flow, revision)
) STRICT, WITHOUT ROWID;

-- The flow that a call took, for the history.
ALTER TABLE cdrs ADD COLUMN flow TEXT;

-- Which revision takes the calls; a flow that is not here takes none.
CREATE TABLE live_flows (
    flow     TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    FOREIGN KEY (flow, revision) REFERENCES flow_revisions (flow, revision)
) STRICT, WITHOUT ROWID;
