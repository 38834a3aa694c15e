"""The edge's records: what it stores, and what its API speaks. Plain values, no sockets, no clock."""
