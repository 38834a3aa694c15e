-- What each outside number should be and was last seen to be, and purchases, each of which happens once.

CREATE TABLE number_state (
    office TEXT NOT NULL,
    e164 TEXT NOT NULL REFERENCES number (e164) ON DELETE CASCADE,
    country TEXT NOT NULL,
    kind TEXT NOT NULL,       -- local, toll_free or mobile
    voice BIGINT NOT NULL,
    sms BIGINT NOT NULL,
    mms BIGINT NOT NULL,
    extension TEXT NOT NULL,  -- the extension it was bought with; empty: the office's
    trunk_sid TEXT NOT NULL,  -- a SIP trunk of Twilio's that takes its calls; empty: the edge takes them
    base TEXT NOT NULL,       -- the address of the edge that set it up
    state TEXT NOT NULL,      -- ok, drift, missing or releasing
    drift TEXT NOT NULL,      -- JSON
    checked_at BIGINT NOT NULL,
    PRIMARY KEY (office, e164)
);

CREATE TABLE number_order (
    office TEXT NOT NULL,
    id TEXT NOT NULL,
    wish TEXT NOT NULL,       -- JSON
    e164 TEXT NOT NULL,       -- what Twilio is asked to sell; empty before it is asked
    state TEXT NOT NULL,      -- open, bought or failed
    reason TEXT NOT NULL,
    claimed_until BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (office, id)
);

-- Two orders never ask for the same number at the same time.
CREATE UNIQUE INDEX number_order_open ON number_order (e164) WHERE state = 'open' AND e164 <> '';

-- The edges that live: a number that leads to another of them is as it should be.
CREATE TABLE number_edge (
    base TEXT NOT NULL PRIMARY KEY,
    fallback TEXT NOT NULL,
    seen_at BIGINT NOT NULL
);
