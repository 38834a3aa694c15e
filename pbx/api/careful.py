"""The headers that make a browser careful, as they are on every answer. Needs nothing of the HTTP server."""

from __future__ import annotations

__all__ = ["CONTENT_SECURITY_POLICY", "SERVER", "careful"]

SERVER = "bellwire"
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",  # no inline scripts, no eval: form validators are compiled when the site is built
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
}


def careful(path: str, *, secure: bool) -> dict[str, str]:
    """Those of an answer about `path`; `secure` where the browser speaks HTTPS."""
    headers = dict(_HEADERS)
    if secure:
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if path.startswith("/api/"):
        headers["Cache-Control"] = "no-store"
    return headers
