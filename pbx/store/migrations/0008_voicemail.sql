-- Voice messages: the envelope of each; the sound is a file. Rows that are not complete are being spoken.
CREATE TABLE voicemails (
    id               TEXT PRIMARY KEY,
    mailbox          TEXT NOT NULL,
    from_number      TEXT NOT NULL,
    from_name        TEXT NOT NULL,
    from_extension   TEXT,
    received_at      REAL NOT NULL,
    duration_s       REAL NOT NULL,
    call             TEXT NOT NULL,
    sound_format     TEXT NOT NULL,
    urgent           INTEGER NOT NULL,
    read             INTEGER NOT NULL,
    saved            INTEGER NOT NULL,
    deleted_at       REAL,
    complete         INTEGER NOT NULL,
    forwarded_from   TEXT NOT NULL,
    transcript       TEXT,
    transcript_state TEXT NOT NULL,
    mail_state       TEXT NOT NULL,
    mail_attempts    INTEGER NOT NULL,
    mail_next_at     REAL,
    mail_error       TEXT NOT NULL
) STRICT;
CREATE INDEX voicemails_by_mailbox ON voicemails (mailbox, received_at);
CREATE INDEX voicemails_to_mail ON voicemails (mail_next_at) WHERE mail_state = 'waiting';
CREATE INDEX voicemails_unfinished ON voicemails (id) WHERE complete = 0;
