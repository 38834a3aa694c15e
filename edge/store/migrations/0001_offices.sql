-- Offices, their outside numbers, and the answers that Twilio has been given.

CREATE TABLE office (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    key_hash TEXT NOT NULL,  -- SHA-256 of the key, hex; empty for the office of the node that the edge runs in
    created_at BIGINT NOT NULL
);

CREATE TABLE number (
    e164 TEXT NOT NULL PRIMARY KEY,
    office TEXT NOT NULL REFERENCES office (id) ON DELETE CASCADE,
    sid TEXT NOT NULL,
    label TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE INDEX number_of_office ON number (office, e164);

-- Twilio asks again when it had no answer in time: it gets the one that was made first.
CREATE TABLE webhook_answer (
    key TEXT NOT NULL PRIMARY KEY,  -- SHA-256 of the address and what was sent, hex
    body TEXT NOT NULL,
    at BIGINT NOT NULL
);

CREATE INDEX webhook_answer_at ON webhook_answer (at);
