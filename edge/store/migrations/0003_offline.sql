-- What the edge needs for an office that is offline, and what came of its calls meanwhile.

-- As the office sent it last.
CREATE TABLE directory (
    office TEXT NOT NULL PRIMARY KEY,
    document TEXT NOT NULL,  -- JSON
    synced_at BIGINT NOT NULL
);

CREATE TABLE receptionist (
    office TEXT NOT NULL PRIMARY KEY,
    document TEXT NOT NULL,  -- JSON
    changed_at BIGINT NOT NULL,
    changed_by TEXT NOT NULL
);

-- A call that the edge answered itself. It goes to the office's history when it is over.
CREATE TABLE offline_call (
    office TEXT NOT NULL,
    call_sid TEXT NOT NULL,
    id TEXT NOT NULL,
    caller TEXT NOT NULL,
    caller_name TEXT NOT NULL,
    called TEXT NOT NULL,
    began_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    ended_at BIGINT,  -- when Twilio said so
    state TEXT NOT NULL,  -- open, handed
    due_at BIGINT NOT NULL,  -- when somebody looks whether it is over
    attempts BIGINT NOT NULL,
    PRIMARY KEY (office, call_sid)
);

CREATE INDEX offline_call_due ON offline_call (state, due_at);

CREATE TABLE offline_step (
    office TEXT NOT NULL,
    call_sid TEXT NOT NULL,
    number BIGINT NOT NULL,
    document TEXT NOT NULL,  -- JSON
    PRIMARY KEY (office, call_sid, number)
);

-- A message on its way from Twilio to the office.
CREATE TABLE offline_recording (
    office TEXT NOT NULL,
    sid TEXT NOT NULL,
    id TEXT NOT NULL,
    call_sid TEXT NOT NULL,
    extension TEXT NOT NULL,
    caller TEXT NOT NULL,
    called TEXT NOT NULL,
    recorded_at BIGINT NOT NULL,
    duration_s DOUBLE PRECISION NOT NULL,
    state TEXT NOT NULL,  -- remote, stored, written, handed, done, lost
    audio BYTEA,
    transcription TEXT NOT NULL,  -- server, twilio, none: who is to write it down
    language TEXT NOT NULL,
    transcript TEXT,
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    error TEXT NOT NULL,
    PRIMARY KEY (office, sid)
);

CREATE INDEX offline_recording_due ON offline_recording (state, due_at);
