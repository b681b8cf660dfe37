"""The `outlast` command, one file a verb.

`outlast --help` has to answer at once, so this file and `verbs.py` import nothing slow; a verb's module is loaded when
that verb is called, and it imports what it needs inside its functions.
"""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType


def main() -> None:
    """Entry point of the `outlast` command."""
    if os.getpid() == 1:
        # The kernel keeps a signal from the first process of a container that asks for none, so a pod that is deleted
        # while it starts would never hear of it and stay for the whole grace period. A verb's own handler comes later.
        signal.signal(signal.SIGTERM, _terminated)
    # Logfire's plugin would be loaded with the first Pydantic model and takes as long as all of pydantic_ai; spans
    # of ours do not need it.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "logfire-plugin")
    os.environ.setdefault("PYDANTIC_AI_NO_BANNER", "1")  # it would be written into our picture
    from outlast.cli.entry import call

    sys.exit(call(sys.argv[1:]))


def _terminated(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)
