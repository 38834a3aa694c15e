"""`python -m pbx.app.healthy [URL]`: whether the node here says that it is well; for containers and monitors.

Exit status 0 when it answers, also while it says what troubles it (it would not get better by being restarted); 1 when
it does not answer.
"""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request

__all__ = ["main"]


def main(url: str = "") -> int:
    port = os.environ.get("PBX_HTTP_PORT", "8080")
    address = url or f"http://127.0.0.1:{port}/api/v1/health"
    try:
        with urllib.request.urlopen(address, timeout=4) as answer:  # noqa: S310  our own address
            said = answer.read(4096)
    except urllib.error.HTTPError as error:
        said = error.read(4096)
        if error.code != 503:
            print(f"{address}: {error}", file=sys.stderr)
            return 1
    except OSError as error:
        print(f"{address}: {error}", file=sys.stderr)
        return 1
    print(said.decode("utf-8", "replace"))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
