"""The tunnel with both its ends: an office and an edge in one process."""
