-- A call whose leg went on in another call names that one; and all who had a part in a call are listed.
ALTER TABLE cdrs ADD COLUMN continued_in TEXT;
ALTER TABLE cdrs ADD COLUMN legs TEXT NOT NULL DEFAULT '[]'; -- JSON
