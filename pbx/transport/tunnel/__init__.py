"""The office's end of the tunnel to an edge: its calls, what is asked of the edge, and what the edge delivers."""
