"""Takes out of the image's environment what no role in it uses. Run by the Dockerfile, before anything is imported.

    python slim_image.py /opt/outlast/lib/python3.11/site-packages

A pattern that matches nothing is an error: a new version of a package moved what it names, so the list has to follow.
"""

from __future__ import annotations

import shutil
import struct
import sys
from pathlib import Path

LEFT_OUT = {
    "sources and stubs that only builds and type checkers read": (
        "temporalio/bridge/sdk-core",
        "**/*.pyi",
        "*-stubs",
    ),
    "tests and benchmarks of packages": ("**/tests", "jsonschema/benchmarks"),
    "bills of materials of parts: the image has one of its own": ("*.dist-info/sboms",),
    "highlighting of languages, which no report does": (
        "pygments/lexers/[!_]*.py",
        "pygments/lexers/_[!_m]*.py",
    ),
    "servers, commands, voice and other engines of client libraries": (
        "fastmcp/cli",
        "fastmcp/server/auth",
        "fastmcp/server/providers",
        "pydantic_ai/_cli",
        "pydantic_ai/ui",
        "pydantic_ai/realtime",
        "pydantic_ai/durable_exec/dbos",
        "pydantic_ai/durable_exec/prefect",
    ),
    "resources of OpenAI's client that are neither chat, responses nor files": (
        "openai/resources/admin",
        "openai/resources/audio",
        "openai/resources/beta",
        "openai/resources/containers",
        "openai/resources/evals",
        "openai/resources/fine_tuning",
        "openai/resources/live",
        "openai/resources/realtime",
        "openai/resources/vector_stores",
        "openai/resources/images.py",
        "openai/resources/videos.py",
        "openai/types/admin",
        "openai/types/beta",
        "openai/types/live",
        "openai/types/realtime",
    ),
    "objects of AWS's high-level client beside S3": ("boto3/data/[!s]*",),
    "types of Google's own services": (
        "google/api",
        "google/cloud",
        "google/logging",
        "google/longrunning",
        "google/type",
    ),
    "what only compiles bindings": ("cffi", "pycparser"),
    "stubs for a gRPC that is not installed": ("temporalio/api/**/*_pb2_grpc.py",),
    "names of figures that are not ours": ("opentelemetry/semconv/_incubating/*/[!o_]*.py",),
    "stores of OAuth tokens beside memory": ("key_value/aio/stores/[!_bmns]*",),
    "checks of mail addresses by DNS": ("dns",),
    "what only an installer reads": ("*.dist-info/RECORD",),
}
"""By reason: what goes, as patterns below the folder of packages."""

CLOUD_SERVICES = "botocore/data"
"""Descriptions of cloud services; a payload store needs one of them, and the two ways to its credentials."""
CLOUD_SERVICES_KEPT = ("s3", "sts", "sso")

_MAGIC = b"\x7fELF\x02\x01"
"""64 bits, little-endian; others are left as they are."""


class StalePatternError(ValueError):
    """What is to be left out is not there."""


def main(packages: Path) -> None:
    """Take it all out."""
    before = size(packages)
    for pattern in (pattern for patterns in LEFT_OUT.values() for pattern in patterns):
        leave_out(packages, pattern)
    for service in (packages / CLOUD_SERVICES).iterdir():
        if service.is_dir() and not service.name.startswith(CLOUD_SERVICES_KEPT):
            shutil.rmtree(service)
    for library in packages.rglob("*.so*"):
        strip(library)
    sys.stdout.write(f"{before / 1e6:.0f} MB of packages, {size(packages) / 1e6:.0f} MB of them kept\n")


def size(folder: Path) -> int:
    """Bytes in the files of a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def leave_out(packages: Path, pattern: str) -> None:
    """Remove what a pattern matches.

    Raises:
        StalePatternError: that is nothing.
    """
    found = list(packages.glob(pattern))
    if not found:
        raise StalePatternError(
            f"{pattern!r} matches nothing in {packages}: remove it from LEFT_OUT, or say where it went"
        )
    for path in found:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def strip(library: Path) -> None:
    """Cut off what follows the segments that are loaded: symbols for debuggers, and the table of sections.

    The loader reads segments, by the table of program headers, and nothing else.
    """
    data = library.read_bytes()
    if not data.startswith(_MAGIC):
        return
    (headers_at,) = struct.unpack_from("<Q", data, 0x20)
    header_size, count = struct.unpack_from("<HH", data, 0x36)
    end = headers_at + header_size * count
    for number in range(count):
        offset, _, _, length = struct.unpack_from("<QQQQ", data, headers_at + header_size * number + 8)
        end = max(end, offset + length)
    kept = bytearray(data[:end])
    struct.pack_into("<Q", kept, 0x28, 0)  # where the table of sections is
    struct.pack_into("<HHH", kept, 0x3A, 0, 0, 0)  # size of its entries, their number, the one with their names
    library.write_bytes(kept)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
