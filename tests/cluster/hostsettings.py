"""Settings of the whole machine that a kubelet changes when it starts, put back when the node goes.

A kubelet expects a machine of its own: it makes the kernel reboot after a panic and promise memory it may not have.
On a person's machine these have to be what they were before.
"""

import contextlib
import json
from pathlib import Path

_CHANGED_BY_KUBELET = (
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)
_PROC = Path("/proc/sys")


def remember(record: Path) -> None:
    """Write the present values down, unless a run that crashed has left older, truer ones."""
    if not record.exists():
        values = {name: (_PROC / name).read_text() for name in _CHANGED_BY_KUBELET if (_PROC / name).exists()}
        record.write_text(json.dumps(values))


def restore(record: Path) -> None:
    """Put the remembered values back."""
    if not record.exists():
        return
    for name, value in json.loads(record.read_text()).items():
        with contextlib.suppress(OSError):  # not ours to change here, so nobody has changed it
            (_PROC / name).write_text(value)
    record.unlink()
