"""Conferences: who is let in, who hears whom, what members do by keys and programs by API."""
