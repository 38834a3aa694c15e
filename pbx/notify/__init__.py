"""What the node sends out by itself: mail and webhooks. The only package for outgoing HTTP and mail."""
