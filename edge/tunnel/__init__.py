"""The tunnel: one WebSocket from each office, which carries its calls, requests and deliveries."""
