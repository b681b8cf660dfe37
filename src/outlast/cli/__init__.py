"""The `outlast` command, one file a verb.

`outlast --help` has to answer at once, so this file and `verbs.py` import nothing slow; a verb's module is loaded when
that verb is called, and it imports what it needs inside its functions.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Entry point of the `outlast` command."""
    # Logfire's plugin would be loaded with the first Pydantic model and takes as long as all of pydantic_ai; spans
    # of ours do not need it.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "logfire-plugin")
    os.environ.setdefault("PYDANTIC_AI_NO_BANNER", "1")  # it would be written into our picture
    from outlast.cli.entry import call

    sys.exit(call(sys.argv[1:]))
