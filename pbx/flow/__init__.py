"""Call flows: graphs of nodes that a call walks."""
