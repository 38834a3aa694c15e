-- How many calls passed a flow, its nodes ('*' for exit) and their exits on a day (days of UTC since 1970), and how long
-- they were there: seconds, with two digits, so that the rows of a day stay few however many calls there are.
CREATE TABLE flow_traffic (
    flow     TEXT NOT NULL,
    day      INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    node     TEXT NOT NULL,
    exit     TEXT NOT NULL,
    seconds  REAL NOT NULL,
    calls    INTEGER NOT NULL,
    PRIMARY KEY (flow, day, revision, node, exit, seconds)
) STRICT, WITHOUT ROWID;
