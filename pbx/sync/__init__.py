"""Configuration bundles: signed documents of offices on any web host; nodes that follow one apply it."""
