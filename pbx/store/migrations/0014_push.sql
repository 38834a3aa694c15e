-- Phones that can be woken: told by a REGISTER (RFC 8599), or by an app that has signed in.
CREATE TABLE push_phones (
    id           TEXT PRIMARY KEY, -- of an app: its grant's
    extension    TEXT NOT NULL,
    service      TEXT NOT NULL,    -- 'apns', 'fcm', 'webpush'
    app          TEXT NOT NULL,
    sandbox      INTEGER NOT NULL,
    device       TEXT NOT NULL,
    instance     TEXT,             -- +sip.instance, where the phone says it
    told_by      TEXT NOT NULL,    -- 'register', 'app'
    seen_at      REAL NOT NULL,
    pushes       INTEGER NOT NULL,
    woke         INTEGER NOT NULL,
    score        REAL NOT NULL,
    last_push_at REAL,
    last_woke_ms REAL,
    last_reason  TEXT NOT NULL,
    dead         INTEGER NOT NULL,
    grant_id     TEXT REFERENCES grants (id) ON DELETE CASCADE,
    push_token   BLOB NOT NULL     -- sealed, context "push:" || id
) STRICT;
CREATE INDEX push_phones_by_extension ON push_phones (extension);

INSERT INTO push_phones
SELECT g.id, u.extension, g.push_service, '', 0, g.device, NULL, 'app', g.refreshed_at, 0, 0, 1.0, NULL, NULL, '', 0, g.id,
       g.push_token
FROM grants g JOIN users u ON u.id = g.user_id
WHERE g.push_service <> '' AND g.push_token IS NOT NULL AND u.extension IS NOT NULL;
UPDATE grants SET push_token = NULL;

-- Links that set a softphone up, once.
CREATE TABLE provisioning_links (
    secret_hash BLOB PRIMARY KEY, -- SHA-256
    extension   TEXT NOT NULL,
    expires_at  REAL NOT NULL
) STRICT, WITHOUT ROWID;
