-- Configuration bundles that were applied. `undo` is sealed: what leads back, with secrets; none once it is too old.
CREATE TABLE sync_revisions (
    sequence       INTEGER PRIMARY KEY,
    office         TEXT NOT NULL,
    created        REAL NOT NULL,
    applied_at     REAL NOT NULL,
    changes        INTEGER NOT NULL,
    rolled_back_at REAL,
    undo           BLOB
) STRICT;
