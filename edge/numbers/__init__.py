"""The offices' outside numbers: search, buy once, set up, watch for drift, repair, release."""
