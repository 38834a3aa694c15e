-- A call whose leg went on in another call names that one.
ALTER TABLE cdrs ADD COLUMN continued_in TEXT;
