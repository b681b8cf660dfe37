"""Images around static binaries, under the names and entry points of the public images they stand for."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.cluster import versions
from tests.cluster.build import binary
from tests.cluster.cache import content_key
from tests.cluster.command import run_logged
from tests.cluster.oci import LAYOUT, Entry, ImageConfig, write_image, write_layer
from tests.cluster.packages import IMAGES, require
from tests.cluster.recipes import RECIPES
from tests.cluster.runtime import PAUSE_IMAGE
from tests.cluster.shell import shell_entries, user_entries
from tests.cluster.temporal_cli import temporal_cli

_HERE = Path(__file__).parent
_TEMPORAL_USER = 1000
_ZAP = ("--zap-log-level=info", "--zap-encoder=console")


@dataclass(frozen=True)
class StaticImage:
    """One image: where each binary goes, and how it is run."""

    reference: str
    component: str
    binaries: Mapping[str, str]
    """Path in the image of each binary of the component."""
    config: ImageConfig
    files: Mapping[str, str] = field(default_factory=dict)
    """Text files, all executable."""
    shell: bool = False
    """Whether a shell and the usual small programs are inside."""
    temporal_cli: bool = False

    @property
    def key(self) -> str:
        """Changes whenever the image could."""
        cli = versions.TEMPORAL_CLI if self.temporal_cli else ""
        return content_key([asdict(self), RECIPES[self.component].key, cli, LAYOUT])

    def fill(self, folder: Path, log: Path) -> None:
        """Write the image archive."""
        entries = [Entry("tmp", mode=0o1777), Entry("etc"), *user_entries({"temporal": _TEMPORAL_USER})]
        if self.shell:
            entries += shell_entries(folder, log)
        folders = {str(parent) for path in self._paths() for parent in Path(path).parents}
        entries += [Entry(folder_path) for folder_path in sorted(folders - {"/", "/etc"})]
        entries += [Entry(path, binary(self.component, name)) for path, name in self.binaries.items()]
        entries += [Entry(path, text.encode()) for path, text in self.files.items()]
        if self.temporal_cli:
            entries.append(Entry("/usr/local/bin/temporal", temporal_cli()))
        layer = write_layer(folder / "layer.tar", entries)
        write_image(folder / "image.tar", self.reference, [layer], self.config)
        layer.unlink()
        shutil.rmtree(folder / "shell", ignore_errors=not self.shell)

    def _paths(self) -> list[str]:
        return [*self.binaries, *self.files, *(["/usr/local/bin/temporal"] if self.temporal_cli else [])]


def _keda(name: str, command: str, *arguments: str) -> StaticImage:
    return StaticImage(
        reference=f"ghcr.io/kedacore/{name}:{versions.KEDA}",
        component="keda",
        binaries={f"/{command}": command},
        config=ImageConfig(entrypoint=(f"/{command}", *arguments, *_ZAP)),
    )


STATIC_IMAGES: Mapping[str, StaticImage] = {
    "coredns": StaticImage(
        reference=f"registry.k8s.io/coredns/coredns:v{versions.COREDNS}",
        component="coredns",
        binaries={"/coredns": "coredns"},
        config=ImageConfig(entrypoint=("/coredns",)),
    ),
    "temporal-server": StaticImage(
        reference=f"docker.io/temporalio/server:{versions.TEMPORAL}",
        component="temporal",
        binaries={"/usr/local/bin/temporal-server": "temporal-server"},
        # A static server looks its user up in the environment, not in the system's tables.
        config=ImageConfig(
            cmd=("/etc/temporal/entrypoint.sh",),
            env=(*ImageConfig().env, "USER=temporal", "HOME=/tmp"),
            user=str(_TEMPORAL_USER),
            workdir="/etc/temporal",
        ),
        files={"/etc/temporal/entrypoint.sh": (_HERE / "temporal" / "entrypoint.sh").read_text()},
        shell=True,
    ),
    "temporal-admin-tools": StaticImage(
        reference=f"docker.io/temporalio/admin-tools:{versions.TEMPORAL}",
        component="temporal",
        binaries={"/usr/local/bin/temporal-sql-tool": "temporal-sql-tool"},
        config=ImageConfig(
            cmd=("sh", "-c", "trap exit INT HUP TERM; sleep infinity & wait"),
            env=(*ImageConfig().env, "USER=temporal", "HOME=/tmp"),
            user=str(_TEMPORAL_USER),
        ),
        shell=True,
        temporal_cli=True,
    ),
    "keda": _keda("keda", "keda"),
    "keda-metrics-apiserver": _keda("keda-metrics-apiserver", "keda-adapter", "--secure-port=6443"),
    "keda-admission-webhooks": _keda("keda-admission-webhooks", "keda-admission-webhooks"),
}


PAUSE_SOURCE = _HERE / "pause" / "pause.c"


def pause_key() -> str:
    """Changes whenever the pause image could."""
    return content_key([PAUSE_IMAGE, PAUSE_SOURCE.read_text(), os.uname().machine, LAYOUT])


def fill_pause(folder: Path, log: Path) -> None:
    """Compile the pause program and pack it."""
    require(IMAGES)
    program = folder / "pause"
    run_logged(["gcc", "-static", "-Os", "-s", "-o", program, PAUSE_SOURCE], log)
    layer = write_layer(folder / "layer.tar", [Entry("/pause", program)])
    write_image(folder / "image.tar", PAUSE_IMAGE, [layer], ImageConfig(entrypoint=("/pause",)))
    layer.unlink()
