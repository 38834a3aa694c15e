-- Who may send, the phones that they keep here, and what was sent. Times are Unix seconds.
CREATE TABLE push_office (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    key_hash   TEXT NOT NULL, -- SHA-256, hexadecimal
    created_at DOUBLE PRECISION NOT NULL
);

CREATE TABLE push_device (
    office        TEXT NOT NULL,
    id            TEXT NOT NULL,
    platform      TEXT NOT NULL,
    token         TEXT NOT NULL,
    app           TEXT NOT NULL,
    sandbox       BIGINT NOT NULL,
    registered_at DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (office, id)
);
CREATE INDEX push_device_by_token ON push_device (token);

CREATE TABLE push_delivery (
    id        TEXT PRIMARY KEY,
    office    TEXT NOT NULL,
    at        DOUBLE PRECISION NOT NULL,
    kind      TEXT NOT NULL,
    platform  TEXT NOT NULL,
    token_end TEXT NOT NULL,
    call_id   TEXT NOT NULL,
    state     TEXT NOT NULL,
    reason    TEXT NOT NULL,
    attempts  BIGINT NOT NULL,
    took_ms   DOUBLE PRECISION NOT NULL
);
CREATE INDEX push_delivery_by_time ON push_delivery (office, at);
