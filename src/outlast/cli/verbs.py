"""The table of verbs, and the command group that loads a verb's module only when it is called."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer
import typer.core

from outlast import __version__
from outlast.cli.exits import TABLE

if TYPE_CHECKING:
    from typer._click.core import Command, Context

JOBS, DECISIONS, SERVERS, MORE = "Jobs", "Decisions", "Servers", "More"


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb of the command."""

    target: str
    """`module:name`, below this package: a function that Typer reads, or a Typer of more verbs."""
    help: str
    """One sentence for the list of verbs."""
    panel: str
    """Under which heading it is listed."""

    @property
    def module(self) -> str:
        """Full name of its module."""
        return f"{__package__}.{self.target.partition(':')[0]}"

    def load(self, name: str) -> Command:
        """Import it and make it a command."""
        found: Any = getattr(importlib.import_module(self.module), self.target.partition(":")[2])
        if not isinstance(found, typer.Typer):
            function, found = found, typer.Typer(add_completion=False)
            found.command(name)(function)
        command = typer.main.get_command(found)
        command.name = name
        return command


VERBS = {
    "run": Verb("run:run", "Carry out a research job, or go on with one.", JOBS),
    "play": Verb("play:play", "Play Twenty Questions, or go on with a game.", JOBS),
    "list": Verb("listing:list_jobs", "List the jobs.", JOBS),
    "status": Verb("status:status", "Show where a job is, and what it waits for.", JOBS),
    "report": Verb("report:report", "Print or save the report of a job.", JOBS),
    "trace": Verb("trace:trace", "Draw who did what when, and what was cut, from the history of a job.", JOBS),
    "cancel": Verb("cancel:cancel", "Cancel a job.", JOBS),
    "prove": Verb("prove:prove", "Check that a job lost nothing and paid for nothing twice.", JOBS),
    "plan": Verb("plan:plan", "Show the plan of a job.", DECISIONS),
    "approve": Verb("approve:approve", "Approve the plan of a job, or an edited one.", DECISIONS),
    "reject": Verb("reject:reject", "Reject the plan of a job, which ends it.", DECISIONS),
    "dev": Verb("dev:dev", "Run everything on this machine until Ctrl-C.", SERVERS),
    "worker": Verb("worker:worker", "Run a worker for a Temporal server.", SERVERS),
    "offline": Verb("offline:app", "The offline model server and its ledger.", SERVERS),
    "small-model": Verb("small_model:small_model", "A real small model on this machine, to try tokens on.", SERVERS),
    "compare": Verb("compare:compare", "Compare models by the same cases.", MORE),
    "corpus": Verb("corpus:app", "Index folders of documents as sources.", MORE),
    "chaos": Verb("chaos:app", "Kill on purpose, and prove that nothing was lost.", MORE),
    "crd": Verb("crd:crd", "Print the CustomResourceDefinitions.", MORE),
    "settings": Verb("settings:settings", "List every OUTLAST_ variable with its value.", MORE),
}
"""Every verb in the order of the list. A verb whose module is not installed is left out."""


class LazyGroup(typer.core.TyperGroup):
    """Lists verbs from the table; imports the one that is called."""

    def list_commands(self, ctx: Context) -> list[str]:
        """Names in the order of the table."""
        return [name for name, verb in VERBS.items() if importlib.util.find_spec(verb.module)]

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """What the list needs of a verb: its name and its sentence."""
        verb = VERBS.get(cmd_name)
        if verb is None or not importlib.util.find_spec(verb.module):
            return None
        return typer.core.TyperCommand(cmd_name, help=verb.help, rich_help_panel=verb.panel)

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, Command | None, list[str]]:
        """The verb itself, for a call."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, VERBS[name].load(name) if name else None, rest


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"outlast {__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=LazyGroup,
    help="Durable research agents: jobs that outlive the processes they run in.",
    epilog=TABLE,
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # it would print local variables, which may hold secrets
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def outlast(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Durable research agents: jobs that outlive the processes they run in."""
