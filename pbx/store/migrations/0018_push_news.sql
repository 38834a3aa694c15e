-- Whether a phone that can be woken is told of missed calls, voicemail and texts: iPhones need a token of their own for that.
ALTER TABLE push_phones ADD COLUMN news INTEGER NOT NULL DEFAULT 1;
UPDATE push_phones SET news = 0 WHERE service = 'apns';
