"""What every layer stands on: errors, time, ids, events, tasks, metrics, logs, settings and secrets.

Nothing in here knows a phone, a file format of ours, or a protocol.
"""
