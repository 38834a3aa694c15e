-- Times are REAL Unix seconds, flags 0 or 1, secrets BLOBs. Each table's columns are the fields of its record.

CREATE TABLE extensions (
    number         TEXT PRIMARY KEY,
    name           TEXT NOT NULL,
    enabled        INTEGER NOT NULL,
    ring_timeout_s INTEGER NOT NULL,
    sip_password   BLOB NOT NULL -- sealed, context "extension:" || number
) STRICT, WITHOUT ROWID;

-- The contacts phones have registered. `record` is the whole binding as JSON.
CREATE TABLE bindings (
    extension   TEXT NOT NULL,
    contact_uri TEXT NOT NULL,
    expires_at  REAL NOT NULL,
    record      TEXT NOT NULL,
    PRIMARY KEY (extension, contact_uri)
) STRICT, WITHOUT ROWID;

CREATE TABLE cdrs (
    id             TEXT PRIMARY KEY,
    from_number    TEXT NOT NULL,
    from_name      TEXT NOT NULL,
    from_extension TEXT,
    dialled        TEXT NOT NULL,
    to_extension   TEXT,
    to_name        TEXT NOT NULL,
    answered_by    TEXT,
    source         TEXT NOT NULL,
    started_at     REAL NOT NULL,
    answered_at    REAL,
    ended_at       REAL,
    disposition    TEXT NOT NULL,
    cause          TEXT NOT NULL,
    sip_status     INTEGER NOT NULL,
    hung_up_by     TEXT NOT NULL,
    duration_s     REAL NOT NULL,
    talk_s         REAL NOT NULL,
    interrupted    INTEGER NOT NULL,
    events         TEXT NOT NULL -- JSON array
) STRICT;
CREATE INDEX cdrs_by_start ON cdrs (started_at);
CREATE INDEX cdrs_by_caller ON cdrs (from_extension, started_at) WHERE from_extension IS NOT NULL;
CREATE INDEX cdrs_by_callee ON cdrs (to_extension, started_at) WHERE to_extension IS NOT NULL;
CREATE INDEX cdrs_open ON cdrs (id) WHERE ended_at IS NULL;

CREATE TABLE users (
    id            TEXT PRIMARY KEY,
    username      TEXT NOT NULL UNIQUE COLLATE NOCASE,
    created_at    REAL NOT NULL,
    password_hash TEXT NOT NULL -- argon2id
) STRICT;

CREATE TABLE sessions (
    secret_hash BLOB PRIMARY KEY, -- SHA-256 of the cookie
    user_id     TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    csrf_token  TEXT NOT NULL,
    expires_at  REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE setup_links (
    secret_hash BLOB PRIMARY KEY,
    expires_at  REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    created_at   REAL NOT NULL,
    last_used_at REAL,
    secret_hash  BLOB NOT NULL UNIQUE -- SHA-256
) STRICT;

CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL -- JSON
) STRICT, WITHOUT ROWID;
