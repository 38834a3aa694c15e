"""The office's one SQLite file: records, registrations, call history, log-ins."""
