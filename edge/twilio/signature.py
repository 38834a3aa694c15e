"""Whether a request is Twilio's: `X-Twilio-Signature` over the address that Twilio used and the form's fields.

https://www.twilio.com/docs/usage/security. Twilio signs the public address. A proxy changes scheme, host and port on
the way, and anybody can write `X-Forwarded-*`; so who asks here puts the configured public address in front of the path
and query as they were sent.
"""

from __future__ import annotations

from collections.abc import Mapping

from twilio.request_validator import RequestValidator

__all__ = ["HEADER", "TwilioSignature"]

HEADER = "X-Twilio-Signature"


class TwilioSignature:
    """Checks what claims to be from Twilio. Give forms as aiohttp reads them: a field may be there twice."""

    def __init__(self, auth_token: str) -> None:
        self._validator = RequestValidator(auth_token)

    def is_valid(self, url: str, form: Mapping[str, str], signature: str) -> bool:
        """Whether Twilio sent the form to `url`."""
        return bool(signature) and bool(self._validator.validate(url, form, signature))

    def sign(self, url: str, form: Mapping[str, str]) -> str:
        """The signature that Twilio would send."""
        return str(self._validator.compute_signature(url, form))
