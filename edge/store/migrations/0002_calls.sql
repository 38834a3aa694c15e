-- Calls that Twilio told this edge of, and what waits for the offices.

CREATE TABLE voice_call (
    id TEXT NOT NULL PRIMARY KEY,
    office TEXT NOT NULL,
    call_sid TEXT NOT NULL,
    direction TEXT NOT NULL,  -- inbound, outbound
    caller TEXT NOT NULL,
    called TEXT NOT NULL,
    name TEXT NOT NULL,
    mode TEXT NOT NULL,  -- stream, sip
    state TEXT NOT NULL,  -- asked, live, done, lost
    cause TEXT NOT NULL,  -- why it is done
    token_hash TEXT NOT NULL,  -- SHA-256, hex; empty once it was used
    made_at BIGINT NOT NULL,
    live_at BIGINT,
    done_at BIGINT
);

CREATE INDEX voice_call_sid ON voice_call (call_sid);
CREATE INDEX voice_call_at ON voice_call (made_at);

-- Each goes to the office once: it stays until the office has said that it has it.
CREATE TABLE delivery (
    id TEXT NOT NULL PRIMARY KEY,
    office TEXT NOT NULL,
    kind TEXT NOT NULL,
    document TEXT NOT NULL,  -- JSON
    body BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    refused TEXT NOT NULL  -- why the office will never take it; empty while it may
);

CREATE INDEX delivery_of_office ON delivery (office, refused, id);
