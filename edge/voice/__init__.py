"""Calls at Twilio: how they are answered, carried to their office, and followed to their end."""
