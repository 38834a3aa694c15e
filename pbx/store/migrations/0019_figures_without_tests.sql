-- Calls that tried something out count in no figures.
UPDATE cdrs SET test = 1 WHERE to_extension IS NULL AND flow IS NULL AND to_name IN ('Echo test', 'Test tone');
DROP INDEX cdrs_seen;
CREATE INDEX cdrs_seen ON cdrs (
    started_at, id, search, direction, missed, ended_at, wait_s, did, talk_s, dialled, from_number, from_extension,
    to_extension, disposition, trunk, queue, flow, duration_s, test
);
