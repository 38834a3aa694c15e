"""Recording of calls: what is recorded, the conversations that are, and the files that come of it."""
