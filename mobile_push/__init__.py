"""The push gateway: wakes sleeping phones through Apple, Google and browsers. It imports nothing of `pbx` or `edge`."""
