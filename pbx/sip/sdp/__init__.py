"""Session descriptions: RFC 8866 text, RFC 3264 offers and answers."""

from pbx.sip.sdp.parse import parse

__all__ = ["parse"]
