"""The demo of a death: runs the main job, kills its process with SIGKILL in mid-search, and types the command again.

Everything happens as a person would do it by hand, with the installed command; this only picks the moment.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import sysconfig
import uuid
from pathlib import Path

OUTLAST = str(Path(sysconfig.get_path("scripts")) / "outlast")
JOB = "k8s/examples/neighbours.yaml"
SEARCHES_BEFORE_THE_KILL = 3


def main() -> int:
    """Run, kill, run again, prove."""
    job_id = f"demo-{uuid.uuid4().hex[:6]}"
    command = [OUTLAST, "run", JOB, "--id", job_id]
    print(f"$ outlast run {JOB} --id {job_id}", flush=True)
    with subprocess.Popen([*command, "--json"], stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        for line in first.stdout:
            seen = json.loads(line)
            done = sum(search["state"] == "done" for search in seen.get("searches", []))
            if done >= SEARCHES_BEFORE_THE_KILL:
                first.send_signal(signal.SIGKILL)
                print(f"  kill -9 {first.pid}, with {done} of {len(seen['searches'])} searches done", flush=True)
                break
    print(f"$ outlast run {JOB} --id {job_id}", flush=True)
    again = subprocess.run(command, check=False)
    print(f"$ outlast prove {job_id}", flush=True)
    proof = subprocess.run([OUTLAST, "prove", job_id], check=False)
    return again.returncode or proof.returncode


if __name__ == "__main__":
    sys.exit(main())
