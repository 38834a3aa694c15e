"""How much audio this machine carries: `python -m bench.capacity`."""
