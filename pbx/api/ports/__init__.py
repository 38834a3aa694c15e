"""What the API asks of the node, part by part; each with what answers in a place that has no such part."""
