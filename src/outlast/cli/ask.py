"""Asks the person at the terminal, without blocking the work that goes on meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Mapping

from rich.console import Console
from rich.text import Text

from outlast.cli.interrupt import Interrupts


async def ask(console: Console, question: str, answers: Mapping[str, str], interrupts: Interrupts) -> str | None:
    """Ask until one of the answers comes.

    Args:
        console: Where the question goes.
        question: A sentence.
        answers: What may be answered, and what it means; the key is the letter to type. An empty key is Enter.
        interrupts: A signal ends the asking.

    Returns:
        The key, or None on a signal or when the terminal was closed.
    """
    console.print(Text(question, style="bold"))
    for key, meaning in answers.items():
        console.print(Text.assemble("  ", (key or "Enter", "bold cyan"), f"  {meaning}"))
    while True:
        console.print("> ", end="")
        line = await read_line(interrupts)
        if line is None:
            console.print()
            return None
        answer = line.strip().lower()[:1]
        if answer in answers:
            return answer
        console.print(f"Please answer {', '.join(key or 'Enter' for key in answers)}.")


async def read_line(interrupts: Interrupts) -> str | None:
    """A line from the terminal; None on a signal, or at its end.

    A thread that reads could not be given up again, and would keep the process from ending.
    """
    loop = asyncio.get_running_loop()
    source = sys.stdin.fileno()
    readable = asyncio.Event()
    loop.add_reader(source, readable.set)
    waits = [asyncio.create_task(readable.wait()), asyncio.create_task(interrupts.wait())]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        loop.remove_reader(source)
        for task in waits:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
    return (sys.stdin.readline() or None) if readable.is_set() else None
