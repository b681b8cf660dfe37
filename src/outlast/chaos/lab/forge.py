"""Makes worker and model server processes quickly: imports everything once, then forks.

Each child is a process of its own with its own runtime, killed and replaced like any other; only the seconds that its
imports would take are saved, which is what bounds a campaign of many kills. Reads one JSON request a line from standard
input, answers with the process id, and ends with its input; its children die with it.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

from temporalio.worker._worker import load_default_build_id

from outlast.chaos.lab import roles

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Serve requests until standard input ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps: a killed child is gone at once, no zombie
    load_default_build_id()  # hashes every module that is loaded: half a second that each worker would spend
    _say("ready")
    for line in sys.stdin:
        request: dict[str, Any] = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _child(request)
        _say(str(pid))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _child(request: dict[str, Any]) -> None:
    code = 1
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        with Path(request["log"]).open("ab", buffering=0) as log, Path(os.devnull).open("rb") as nothing:
            os.dup2(nothing.fileno(), 0)
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        roles.play(request)
        code = 0
    except BaseException:  # noqa: BLE001 - the only place to say why a child ended
        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
