-- Recordings of calls. A row stays when its file is deleted: who did, when and why is the audit trail.
CREATE TABLE recordings (
    id              TEXT PRIMARY KEY,
    chain           TEXT NOT NULL,
    call            TEXT NOT NULL,
    part            INTEGER NOT NULL,
    "left"          TEXT NOT NULL,
    "right"         TEXT NOT NULL,
    left_extension  TEXT,
    right_extension TEXT,
    trunk           TEXT,
    queue           TEXT,
    dialled         TEXT NOT NULL,
    reasons         TEXT NOT NULL, -- JSON
    file            TEXT NOT NULL UNIQUE,
    format          TEXT NOT NULL,
    state           TEXT NOT NULL,
    started_at      REAL NOT NULL,
    ended_at        REAL,
    duration_s      REAL NOT NULL,
    paused_s        REAL NOT NULL,
    bytes           INTEGER NOT NULL,
    end_reason      TEXT NOT NULL,
    keep_days       INTEGER,
    keep_until      REAL,
    deleted_at      REAL,
    deleted_by      TEXT NOT NULL
) STRICT;
CREATE INDEX recordings_by_time ON recordings (started_at);
CREATE INDEX recordings_by_call ON recordings (call);
CREATE INDEX recordings_by_chain ON recordings (chain);
CREATE INDEX recordings_to_expire ON recordings (keep_until) WHERE keep_until IS NOT NULL AND deleted_at IS NULL;

-- A call names its recordings.
ALTER TABLE cdrs ADD COLUMN recordings TEXT NOT NULL DEFAULT '[]'; -- JSON
