-- A call that tried a flow out.
ALTER TABLE cdrs ADD COLUMN test INTEGER NOT NULL DEFAULT 0;
