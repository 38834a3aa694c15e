"""`python -m pbx` is the command `pbx`."""

from __future__ import annotations

import sys

from pbx.app.cli import main

if __name__ == "__main__":
    sys.exit(main())
