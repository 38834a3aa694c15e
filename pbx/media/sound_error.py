"""A sound file that cannot be played, in words for the person who gave it to us."""

from __future__ import annotations

from pbx.core.errors import UserError


class SoundError(UserError):
    """What is wrong with the file, what was needed, and what to do about it."""
