-- What people write down after a call: one note of each extension that had a part in it, gone with the call's record.
CREATE TABLE call_notes (
    call      TEXT NOT NULL REFERENCES cdrs (id) ON DELETE CASCADE,
    extension TEXT NOT NULL,
    text      TEXT NOT NULL,
    at        REAL NOT NULL,
    PRIMARY KEY (call, extension)
) STRICT, WITHOUT ROWID;
