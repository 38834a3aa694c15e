"""What is imported before SIP is answered: every module there costs a restart its milliseconds."""

from __future__ import annotations

import subprocess
import sys

LATER = (
    "aiohttp", "aiodns", "cryptography", "csv", "difflib", "email", "http.client", "importlib.metadata", "pbx.api.app",
    "pbx.app.web_side", "pbx.flow.simulate", "pbx.transport.acme", "tarfile", "urllib.request", "xml", "zipfile",
)  # fmt: skip


def test_what_only_the_web_side_and_mail_need_is_not_imported_before_sip_is_answered() -> None:
    program = f"import sys, pbx.app.node; print(*(set({LATER!r}) & sys.modules.keys()))"
    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    assert printed.split() == []
