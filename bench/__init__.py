"""How much a node costs: each file measures one capability, beside what the peers were measured at."""
