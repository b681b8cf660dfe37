"""Bad input that only a server can find out, and machines that are not as they should be: sentences, no tracebacks."""

from __future__ import annotations

import resource
import socket

from .commands import Command
from .conftest import Desk
from .script import SOURCE


def refused(command: Command, code: int, *sentences: str) -> None:
    assert command.process.returncode == code, command
    assert command.err.startswith("outlast: "), command
    assert "Traceback" not in command.err + command.out, command
    for sentence in sentences:
        assert sentence in command.err, (sentence, command)


async def test_an_id_belongs_to_one_question(desk: Desk) -> None:
    assert await (await desk.ask("a1", 1)).end() == 0
    other = await desk.run("run", "The areas of 2 places?", "--id", "a1", "-s", SOURCE)
    refused(
        other,
        2,
        "The id 'a1' belongs to a job that asks 'The areas of 1 places?', not 'The areas of 2 places?'",
        "choose another id",
    )
    assert len(await desk.requests("a1")) == 4
    same = await desk.run("run", "The areas of 1 places?", "--id", "a1", "-s", SOURCE, "--max-searches", "9")
    assert same.process.returncode == 0
    assert "a1 stays as it was started: maxSearches is 16, not 9." in same.err


async def test_an_unknown_id(desk: Desk) -> None:
    for verb in (("status", "none"), ("run", "--id", "none"), ("approve", "none"), ("cancel", "none")):
        refused(await desk.run(*verb), 2, "No job 'none': `outlast list` shows those there are.")


async def test_what_this_process_lacks_is_said_before_the_job_starts(desk: Desk) -> None:
    words = ("run", "The areas of 1 places?", "--id", "a1")
    refused(await desk.run(*words, "-s", "nots"), 1, "nots", "'notes'")
    refused(await desk.run(*words, "-s", SOURCE, "-m", "offline:huge"), 1, "The model 'offline:huge' can't be used")
    (desk.files.folder / "corpora" / f"{SOURCE}.db").write_bytes(b"no database" * 1000)
    refused(await desk.run(*words, "-s", SOURCE), 1, f"{SOURCE}.db")
    refused(await desk.run("status", "a1"), 2, "No job 'a1'")


async def test_temporal_out_of_reach(desk: Desk) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        for verb in (("list",), ("run", "The areas of 1 places?", "-s", SOURCE)):
            command = await desk.run(*verb, env={"OUTLAST_TEMPORAL_ADDRESS": address})
            refused(command, 1, f"Temporal does not answer at {address} (namespace 'default')", "Is the server running")
    assert not desk.platform_runs()
    command = await desk.run("list", env={"OUTLAST_TEMPORAL_ADDRESS": "no address"})
    refused(command, 2, "The address of Temporal, 'no address', is no host:port")


async def test_a_damaged_database(desk: Desk) -> None:
    desk.files.database.write_bytes(b"no database" * 10_000)
    command = await desk.run("list")
    refused(command, 1, "The embedded Temporal server", f"its database {desk.files.database} is damaged")
    assert desk.files.database.read_bytes() == b"no database" * 10_000, "nothing of it is touched"


async def test_a_damaged_ledger(desk: Desk) -> None:
    desk.files.ledger.write_bytes(b"no database" * 1000)
    refused(await desk.run("list"), 1, f"The ledger {desk.files.ledger} is no SQLite database")


async def test_a_damaged_endpoints_file_is_written_anew(desk: Desk) -> None:
    desk.files.endpoints.write_bytes(b"\x00 no JSON")
    assert (await desk.run("list")).process.returncode == 0


async def test_a_state_folder_that_is_none(desk: Desk) -> None:
    (desk.folder / "file").write_text("")
    command = await desk.run("list", env={"OUTLAST_STATE_DIR": str(desk.folder / "file")})
    refused(command, 1, "can't be made", "Set OUTLAST_STATE_DIR to another.")


async def test_no_room_for_files(desk: Desk) -> None:
    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    command = await desk.start("list", preexec_fn=little_room)
    await command.end()
    refused(command, 1, "The embedded Temporal server")
    assert (await desk.run("list")).process.returncode == 0, "with room again all is well"
