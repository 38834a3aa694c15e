-- All records of the office in one table: a new kind of record, or a new field, needs no new layout.
CREATE TABLE records (
    kind     TEXT NOT NULL,
    key      TEXT NOT NULL,
    revision INTEGER NOT NULL, -- grows with each change of the record
    record   TEXT NOT NULL,    -- JSON
    secret   BLOB,             -- sealed, context kind || ":" || key
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;

INSERT INTO records (kind, key, revision, record, secret)
SELECT 'extension', number, 1,
       json_object('number', number, 'name', name,
                   'enabled', json(CASE enabled WHEN 0 THEN 'false' ELSE 'true' END),
                   'ring_timeout_s', ring_timeout_s),
       sip_password
FROM extensions;

DROP TABLE extensions;
