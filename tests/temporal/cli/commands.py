"""Runs the `outlast` command as a process, and waits for what it says."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import pty
import signal
import struct
import sys
import termios
from collections.abc import Callable, Mapping
from typing import Any, Self, TypeVar

from outlast.render.plaintext import plain

ResultT = TypeVar("ResultT")

DEADLINE = 90.0
"""Seconds within which whatever a test waits for has to happen, on a busy machine too."""

LOOK_SECONDS = 0.02

ROWS, COLUMNS = 50, 120


async def until(condition: Callable[[], ResultT | None], what: str, seconds: float = DEADLINE) -> ResultT:
    """Wait until a condition gives something true, and return that."""
    end = asyncio.get_running_loop().time() + seconds
    while not (found := condition()):
        if asyncio.get_running_loop().time() > end:
            raise AssertionError(f"{what}: not within {seconds:.0f} s")
        await asyncio.sleep(LOOK_SECONDS)
    return found


class Command:
    """One running command."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.out = ""
        self.err = ""
        self._readers = [
            asyncio.create_task(self._read(process.stdout, "out")),
            asyncio.create_task(self._read(process.stderr, "err")),
        ]

    @classmethod
    async def start(cls, args: tuple[str, ...], env: Mapping[str, str], **more: Any) -> Self:
        """Start it, without a terminal."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "outlast.cli", *args),
            env=env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            **more,
        )
        return cls(process)

    @property
    def events(self) -> list[dict[str, Any]]:
        """The JSON lines that it wrote so far."""
        return [json.loads(line) for line in self.out.split("\n")[:-1]]

    def event(self, name: str) -> dict[str, Any] | None:
        """The last event of that name."""
        return next((event for event in reversed(self.events) if event["event"] == name), None)

    async def heard(self, text: str) -> None:
        """Wait until it said this."""
        await until(lambda: text in self.err or text in self.out or self._ended(), f"{text!r} from {self!r}")
        assert text in self.err or text in self.out, repr(self)

    async def progress(self, condition: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        """Wait until its progress fits."""

        def fits() -> dict[str, Any] | None:
            found = next((e for e in self.events if e["event"] == "progress" and condition(e)), None)
            assert found or self.process.returncode is None, repr(self)
            return found

        return await until(fits, what)

    async def end(self) -> int:
        """Wait for its end; what it said is complete then."""
        async with asyncio.timeout(DEADLINE):
            code = await self.process.wait()
            await asyncio.gather(*self._readers)
        return code

    async def kill(self) -> None:
        """Kill it, as a power cut would."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.end()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def _ended(self) -> bool:
        return self.process.returncode is not None and all(reader.done() for reader in self._readers)

    async def _read(self, stream: asyncio.StreamReader | None, name: str) -> None:
        while stream is not None and (chunk := await stream.read(65536)):
            setattr(self, name, getattr(self, name) + chunk.decode(errors="replace"))

    def __repr__(self) -> str:
        return f"<exit {self.process.returncode}\n--- out\n{self.out[-3000:]}\n--- err\n{self.err[-3000:]}>"


class Terminal(Command):
    """One command on a terminal of its own, with a person at it."""

    def __init__(self, process: asyncio.subprocess.Process, screen: int) -> None:
        self._screen = screen
        self._open = True
        self._seen = 0
        super().__init__(process)
        asyncio.get_running_loop().add_reader(screen, self._show)

    @classmethod
    async def start(cls, args: tuple[str, ...], env: Mapping[str, str], **more: Any) -> Self:
        """Start it on a new terminal."""
        screen, line = pty.openpty()
        fcntl.ioctl(line, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "outlast.cli", *args),
                env={**env, "TERM": "xterm-256color"},
                stdin=line,
                stdout=line,
                stderr=line,
                start_new_session=True,
                preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
                **more,
            )
        finally:
            os.close(line)
        return cls(process, screen)

    @property
    def text(self) -> str:
        """What was shown since the last `shows`, without colours and cursor movements."""
        return plain(self.out)[self._seen :]

    async def shows(self, text: str) -> None:
        """Wait until it was shown, and forget all up to there."""
        await until(lambda: text in self.text or not self._open, f"{text!r} on the terminal")
        assert text in self.text, repr(self)
        self._seen += self.text.index(text) + len(text)

    def type(self, keys: str) -> None:
        """Type; `\\x03` is Ctrl-C."""
        os.write(self._screen, keys.encode())

    async def end(self) -> int:
        """Wait for its end."""
        async with asyncio.timeout(DEADLINE):
            code = await self.process.wait()
        self._show()
        self._close()
        return code

    def _show(self) -> None:
        try:
            chunk = os.read(self._screen, 65536) if self._open else b""
        except OSError:  # the other end is closed
            chunk = b""
        if not chunk:
            self._close()
        self.out += chunk.decode(errors="replace")

    def _close(self) -> None:
        if self._open:
            self._open = False
            asyncio.get_running_loop().remove_reader(self._screen)
            os.close(self._screen)
