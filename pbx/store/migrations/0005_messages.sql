-- Text messages to extensions. What is not delivered waits until it expires; what is stays as the history.
CREATE TABLE messages (
    id             TEXT PRIMARY KEY,
    from_number    TEXT NOT NULL,
    from_name      TEXT NOT NULL,
    from_extension TEXT,
    to_extension   TEXT NOT NULL,
    text           TEXT NOT NULL,
    sent_at        REAL NOT NULL,
    expires_at     REAL NOT NULL,
    delivered_at   REAL
) STRICT;
CREATE INDEX messages_by_time ON messages (sent_at);
CREATE INDEX messages_waiting ON messages (to_extension, sent_at) WHERE delivered_at IS NULL;
CREATE INDEX messages_by_extension ON messages (to_extension, sent_at);
