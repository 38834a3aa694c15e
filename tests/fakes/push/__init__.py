"""Stand-ins for Apple, Google and a browser's push service. They check what the real ones check."""
