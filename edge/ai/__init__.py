"""What a caller wants: a built-in matcher, and a chat model where one is configured. No telephony in here."""
