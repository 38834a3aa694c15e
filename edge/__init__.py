"""What may run outside the office: it imports nothing of `pbx`, so both can have it."""
