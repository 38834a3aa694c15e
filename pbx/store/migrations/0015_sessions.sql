-- Whoever is let in can see where they are logged in; and a link lets somebody choose the first password.
ALTER TABLE sessions ADD COLUMN opened_at REAL NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN source TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN browser TEXT NOT NULL DEFAULT '';

CREATE TABLE invitations (
    secret_hash BLOB PRIMARY KEY, -- SHA-256
    user_id     TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires_at  REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX invitations_by_user ON invitations (user_id);
