-- Who may do what, second factors, rights of programs and phones, and what was done.
ALTER TABLE users ADD COLUMN role TEXT NOT NULL DEFAULT 'owner'; -- whoever was there before could do everything
ALTER TABLE users ADD COLUMN extension TEXT;
ALTER TABLE users ADD COLUMN enabled INTEGER NOT NULL DEFAULT 1;
ALTER TABLE users ADD COLUMN second_factor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN totp_secret BLOB;                   -- sealed, context "totp:" || id
ALTER TABLE users ADD COLUMN totp_step INTEGER NOT NULL DEFAULT 0; -- the newest time step whose code was used
CREATE UNIQUE INDEX users_by_extension ON users (extension) WHERE extension IS NOT NULL;

CREATE TABLE recovery_codes (
    user_id   TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    code_hash BLOB NOT NULL, -- SHA-256
    PRIMARY KEY (user_id, code_hash)
) STRICT, WITHOUT ROWID;

-- What programs may do: JSON array of scopes; "*" is everything. Tokens made before had no limits.
ALTER TABLE tokens ADD COLUMN scopes TEXT NOT NULL DEFAULT '["*"]';
ALTER TABLE tokens ADD COLUMN expires_at REAL;
ALTER TABLE tokens ADD COLUMN user_id TEXT REFERENCES users (id) ON DELETE CASCADE; -- who made it; none: the command line
CREATE INDEX tokens_by_user ON tokens (user_id);

-- What a site elsewhere or an app on a phone holds: a refresh secret, and a row that says it still counts.
CREATE TABLE grants (
    id            TEXT PRIMARY KEY,
    user_id       TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind          TEXT NOT NULL, -- 'site', 'app'
    device        TEXT NOT NULL,
    created_at    REAL NOT NULL,
    refreshed_at  REAL NOT NULL,
    expires_at    REAL NOT NULL,
    push_service  TEXT NOT NULL,
    secret_hash   BLOB NOT NULL UNIQUE, -- SHA-256
    previous_hash BLOB UNIQUE,
    push_token    BLOB           -- sealed, context "push:" || id
) STRICT;
CREATE INDEX grants_by_user ON grants (user_id);

-- Links that let an app in once.
CREATE TABLE app_links (
    secret_hash BLOB PRIMARY KEY,
    user_id     TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires_at  REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    id     TEXT PRIMARY KEY,
    at     REAL NOT NULL,
    actor  TEXT NOT NULL,
    source TEXT NOT NULL,
    action TEXT NOT NULL,
    kind   TEXT NOT NULL,
    key    TEXT NOT NULL,
    before TEXT, -- JSON
    after  TEXT  -- JSON
) STRICT;
CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_by_thing ON audit (kind, key, at);
CREATE INDEX audit_by_actor ON audit (actor, at);

-- What a creating request was answered with, for those that ask again with the same Idempotency-Key.
CREATE TABLE answers (
    credential   TEXT NOT NULL,
    key          TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    at           REAL NOT NULL,
    answer       BLOB NOT NULL, -- sealed, context "answer:" || credential
    PRIMARY KEY (credential, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX answers_by_time ON answers (at);
