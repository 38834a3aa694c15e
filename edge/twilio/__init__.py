"""All that speaks with Twilio: its webhooks, its TwiML, its media streams, its API."""
