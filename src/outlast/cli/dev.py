"""`outlast dev`: everything on this machine until Ctrl-C: Temporal with its web UI, offline models, a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outlast.cli.offline_options import Fault, FaultControl, FaultsFile, LatencyScale, Seed, offline_config

if TYPE_CHECKING:
    from rich.console import Console

    from outlast.cli.link import Link
    from outlast.offline.config import OfflineConfig
    from outlast.settings import Settings


def dev(
    latency_scale: LatencyScale = 1.0,
    fault: Fault = None,
    faults_file: FaultsFile = None,
    seed: Seed = 0,
    fault_control: FaultControl = False,
) -> None:
    """Run everything on this machine until Ctrl-C: a Temporal server with its web UI, offline models, a worker.

    `outlast run` in another terminal shares it, and whatever is given the addresses finds a worker at work.
    """
    from outlast.cli.console import run_async
    from outlast.cli.logs import log_to_stderr
    from outlast.errors import UsageError
    from outlast.local.endpoints import PlatformFiles
    from outlast.settings import load_settings

    settings = load_settings()
    if settings.temporal_address is not None:
        raise UsageError(
            f"OUTLAST_TEMPORAL_ADDRESS is {settings.temporal_address!r}, and `outlast dev` runs a server of its own: "
            "unset it, or run `outlast worker` for that server."
        )
    log_to_stderr(settings.log_format)
    asked: dict[str, Any] = {
        "latency_scale": latency_scale,
        "seed": seed,
        "fault_control": fault_control,
        "ledger": PlatformFiles(settings.state_dir).ledger,
    }
    run_async(_dev(settings, offline_config(fault=fault, faults_file=faults_file, **asked)))


async def _dev(settings: Settings, offline: OfflineConfig) -> None:
    from outlast.cli.console import stderr
    from outlast.cli.interrupt import Interrupts
    from outlast.cli.link import linked

    interrupts = Interrupts()
    with interrupts.caught():
        async with linked(settings, loading="outlast.cli.working", offline=offline) as link:
            from outlast.cli.lines import LineView
            from outlast.cli.resuming import ReplayMeter, take_up_all
            from outlast.cli.working import working

            console = stderr()
            _say_where(console, link)
            await take_up_all(link.client, settings.task_queue)
            async with working(link, settings.task_queue, LineView(console), ReplayMeter()):
                await interrupts.wait()
                console.print("Ending; jobs that are not over go on with the next `outlast dev` or `outlast run`.")


def _say_where(console: Console, link: Link) -> None:
    from rich.table import Table

    platform = link.platform
    if platform is None:
        return
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column(style="bold")
    grid.add_row("Temporal web UI", platform.temporal_ui)
    grid.add_row("Temporal", platform.temporal)
    grid.add_row("Offline models", f"{platform.offline}/v1")
    grid.add_row("Ledger", str(platform.offline_config.ledger))
    grid.add_row("Task queue", link.settings.task_queue)
    console.print(grid)
    console.print()
    console.print('In another terminal: outlast run "Which of Germany\'s neighbours is the largest?"', soft_wrap=True)
    console.print("For other programs:", soft_wrap=True)
    console.print(
        f"  export OUTLAST_TEMPORAL_ADDRESS={platform.temporal} OUTLAST_OFFLINE_URL={platform.offline}", soft_wrap=True
    )
    console.print("Ctrl-C ends it.", style="dim")
