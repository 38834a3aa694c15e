"""Texts at the office's numbers: consent, conversations, replies, the shared inbox. Campaigns build on it."""
