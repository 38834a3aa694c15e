"""Queues: callers in a line, agents on duty, and what brings them together."""
