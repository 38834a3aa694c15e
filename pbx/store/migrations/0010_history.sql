-- What the history is filtered by, and figures are made of: columns of the record, and one index that holds them all,
-- so that a search never reads the events.
ALTER TABLE cdrs ADD COLUMN direction TEXT NOT NULL DEFAULT 'internal';
ALTER TABLE cdrs ADD COLUMN did TEXT;
ALTER TABLE cdrs ADD COLUMN trunk TEXT;
ALTER TABLE cdrs ADD COLUMN queue TEXT;
ALTER TABLE cdrs ADD COLUMN wait_s REAL NOT NULL DEFAULT 0;
ALTER TABLE cdrs ADD COLUMN missed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cdrs ADD COLUMN search TEXT NOT NULL DEFAULT ''; -- numbers and names, case folded

UPDATE cdrs SET
    trunk = CASE WHEN source LIKE 'trunk:%' THEN substr(source, 7) ELSE (
        SELECT json_extract(e.value, '$.trunk') FROM json_each(cdrs.events) AS e
        WHERE json_extract(e.value, '$.type') = 'leg_dialled' AND json_extract(e.value, '$.trunk') IS NOT NULL
        ORDER BY e.key DESC LIMIT 1
    ) END,
    queue = (
        SELECT json_extract(e.value, '$.queue') FROM json_each(cdrs.events) AS e
        WHERE json_extract(e.value, '$.type') = 'queue_joined' ORDER BY e.key LIMIT 1
    ),
    search = lower(
        from_number || char(10) || from_name || char(10) || dialled || char(10) || coalesce(to_extension, '') ||
        char(10) || to_name
    );
UPDATE cdrs SET direction = CASE
    WHEN source LIKE 'trunk:%' THEN 'inbound'
    WHEN trunk IS NOT NULL THEN 'outbound'
    ELSE 'internal' END;
UPDATE cdrs SET
    did = CASE direction WHEN 'inbound' THEN dialled END,
    missed = answered_by IS NULL AND ended_at IS NOT NULL AND direction = 'inbound',
    wait_s = max(0, coalesce(
        (
            SELECT min(unixepoch(json_extract(e.value, '$.at'))) FROM json_each(cdrs.events) AS e
            WHERE json_extract(e.value, '$.type') = 'leg_answered' AND json_extract(e.value, '$.leg') <> 'a'
        ),
        answered_at,
        ended_at,
        started_at
    ) - started_at);

CREATE INDEX cdrs_seen ON cdrs (
    started_at, id, search, direction, missed, ended_at, wait_s, did, talk_s, dialled, from_number, from_extension,
    to_extension, disposition, trunk, queue, flow, duration_s
);
DROP INDEX cdrs_by_start;

-- What was, and is still to be, sent to web addresses.
CREATE TABLE webhook_deliveries (
    id       TEXT PRIMARY KEY,
    webhook  TEXT NOT NULL,
    topic    TEXT NOT NULL,
    at       REAL NOT NULL,
    state    TEXT NOT NULL, -- 'waiting', 'sent', 'failed'
    attempts INTEGER NOT NULL,
    next_at  REAL,
    done_at  REAL,
    status   INTEGER NOT NULL, -- of the last answer; 0 without one
    error    TEXT NOT NULL,
    body     TEXT NOT NULL -- JSON, as it is sent
) STRICT;
CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries (webhook, state, id);
CREATE INDEX webhook_deliveries_by_time ON webhook_deliveries (at);
