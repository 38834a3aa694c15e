-- Texts: who may be sent one, conversations by pair of numbers, messages in and out, pictures, the team's notes.
-- `ours` is a number of the office, `theirs` that of the other side, both E.164.

CREATE TABLE text_consent (
    office TEXT NOT NULL,
    ours TEXT NOT NULL,
    theirs TEXT NOT NULL,
    opted_out BIGINT NOT NULL,
    at BIGINT NOT NULL,
    how TEXT NOT NULL,  -- keyword, carrier, office
    PRIMARY KEY (office, ours, theirs)
);

CREATE INDEX text_consent_theirs ON text_consent (office, theirs);

-- What changed it, for as long as the office has to be able to show it.
CREATE TABLE text_consent_change (
    office TEXT NOT NULL,
    id TEXT NOT NULL,
    ours TEXT NOT NULL,
    theirs TEXT NOT NULL,
    opted_out BIGINT NOT NULL,
    at BIGINT NOT NULL,
    how TEXT NOT NULL,
    actor TEXT NOT NULL,  -- who of the office; empty for the other side
    PRIMARY KEY (office, id)
);

CREATE INDEX text_consent_change_theirs ON text_consent_change (office, theirs, at);

CREATE TABLE text_conversation (
    office TEXT NOT NULL,
    ours TEXT NOT NULL,
    theirs TEXT NOT NULL,
    mode TEXT NOT NULL,  -- ai, waiting, person
    assigned_to TEXT NOT NULL,
    unread BIGINT NOT NULL,
    last_id TEXT NOT NULL,  -- the message that was last
    last_at BIGINT NOT NULL,
    last_text TEXT NOT NULL,
    last_direction TEXT NOT NULL,
    last_writer TEXT NOT NULL,  -- who of the office wrote last
    typing_by TEXT NOT NULL,
    typing_until BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (office, ours, theirs)
);

CREATE INDEX text_conversation_last ON text_conversation (office, last_at);

-- Of incoming ones `state` is received; of outgoing ones queued, sending, sent, delivered, failed or uncertain.
CREATE TABLE text_message (
    id TEXT NOT NULL PRIMARY KEY,
    office TEXT NOT NULL,
    ours TEXT NOT NULL,
    theirs TEXT NOT NULL,
    direction TEXT NOT NULL,  -- in, out
    author TEXT NOT NULL,  -- them, person, ai, keyword, flow, campaign
    actor TEXT NOT NULL,  -- who of the office
    body TEXT NOT NULL,
    at BIGINT NOT NULL,
    state TEXT NOT NULL,
    sid TEXT NOT NULL,  -- Twilio's name; empty until it has one
    code BIGINT NOT NULL,  -- Twilio's error, 0 without
    reason TEXT NOT NULL,
    media BIGINT NOT NULL,  -- how many pictures
    segments BIGINT NOT NULL,
    campaign TEXT NOT NULL,
    last_word BIGINT NOT NULL,  -- 1: the confirmation of an opt-out, which goes out although it holds
    answer TEXT NOT NULL,  -- of incoming ones: wanted, done, or empty
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,  -- when to send it next, or to ask what became of it; 0: not again
    claimed_at BIGINT NOT NULL,
    settled_at BIGINT NOT NULL
);

CREATE UNIQUE INDEX text_message_sid ON text_message (sid) WHERE sid <> '';
CREATE INDEX text_message_pair ON text_message (office, ours, theirs, at);
CREATE INDEX text_message_due ON text_message (state, due_at);
CREATE INDEX text_message_answer ON text_message (answer, at);
CREATE INDEX text_message_at ON text_message (office, at);
CREATE INDEX text_message_campaign ON text_message (campaign, state);

-- Pictures of messages; those that were uploaded and not sent yet have no message.
CREATE TABLE text_media (
    id TEXT NOT NULL PRIMARY KEY,
    office TEXT NOT NULL,
    message TEXT NOT NULL,
    place BIGINT NOT NULL,
    state TEXT NOT NULL,  -- wanted, stored, failed
    type TEXT NOT NULL,
    size BIGINT NOT NULL,
    body BYTEA,
    url TEXT NOT NULL,  -- where Twilio has it
    reason TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE INDEX text_media_message ON text_media (message, place);
CREATE INDEX text_media_due ON text_media (state, due_at);

CREATE TABLE text_note (
    office TEXT NOT NULL,
    id TEXT NOT NULL,
    ours TEXT NOT NULL,
    theirs TEXT NOT NULL,
    actor TEXT NOT NULL,
    at BIGINT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (office, id)
);

CREATE INDEX text_note_pair ON text_note (office, ours, theirs, at);

CREATE TABLE text_template (
    office TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    text TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (office, id)
);

CREATE TABLE text_settings (
    office TEXT NOT NULL PRIMARY KEY,
    document TEXT NOT NULL
);

-- Texts that are passed on by e-mail.
CREATE TABLE text_mail (
    id TEXT NOT NULL PRIMARY KEY,
    office TEXT NOT NULL,
    message TEXT NOT NULL,
    address TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE INDEX text_mail_due ON text_mail (due_at);
CREATE INDEX text_mail_message ON text_mail (message);

-- What was erased on request: how much of what, and of whom as a hash, so that the receipt is no new record of a person.
CREATE TABLE text_erasure (
    office TEXT NOT NULL,
    id TEXT NOT NULL,
    person TEXT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    counts TEXT NOT NULL,
    PRIMARY KEY (office, id)
);

-- What Twilio still has of it.
CREATE TABLE text_erasure_left (
    sid TEXT NOT NULL PRIMARY KEY,
    office TEXT NOT NULL,
    erasure TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL
);

CREATE INDEX text_erasure_left_due ON text_erasure_left (due_at);
