"""A shell and the usual small programs as one static file: what a minimal public image has beside its binary.

Alone it is the image that tests use where they need a pod that does something.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.cluster import versions
from tests.cluster.cache import content_key
from tests.cluster.command import run, run_logged
from tests.cluster.oci import LAYOUT, NONROOT, Entry, ImageConfig, write_image, write_layer

SHELL_IMAGE = f"docker.io/library/busybox:{versions.BUSYBOX}"
_PACKAGE = "busybox-static"


def shell_key() -> str:
    """Changes whenever the image of the shell alone could."""
    return content_key([SHELL_IMAGE, _PACKAGE, versions.DEBIAN, LAYOUT])


def fill_shell(folder: Path, log: Path) -> None:
    """Pack the shell alone."""
    entries = [Entry("tmp", mode=0o1777), Entry("etc"), *user_entries({}), *shell_entries(folder, log)]
    layer = write_layer(folder / "layer.tar", entries)
    write_image(folder / "image.tar", SHELL_IMAGE, [layer], ImageConfig(cmd=("sh",)))
    layer.unlink()
    shutil.rmtree(folder / "shell")


def shell_entries(folder: Path, log: Path) -> list[Entry]:
    """The programs, as entries of a layer; `folder` is where they are unpacked."""
    aside = folder / "shell"
    aside.mkdir()
    run_logged(
        ["apt-get", "download", _PACKAGE],
        log,
        cwd=aside,
        # apt's own download user may not write here; it says so and downloads as root.
        next_step=f"`apt-get update`, then again; {log} has the answer of apt-get",
    )
    run_logged(["dpkg-deb", "--extract", next(aside.glob("*.deb")), aside], log)
    busybox = aside / "bin" / "busybox"
    applets = [f"/{path}" for path in run([busybox, "--list-full"]).split()]
    folders = sorted({str(parent) for path in applets for parent in Path(path).parents} - {"/"})
    links = [Entry(path, link="/bin/busybox") for path in applets if path != "/bin/busybox"]
    return [*(Entry(path) for path in folders), Entry("/bin/busybox", busybox), *links]


def user_entries(further: Mapping[str, int]) -> list[Entry]:
    """The tables of users and groups: an image without them fails programs that ask who they are."""
    users = {"root": 0, **further, "nonroot": NONROOT}
    passwd = "".join(f"{name}:x:{number}:{number}:{name}:/tmp:/bin/sh\n" for name, number in users.items())
    group = "".join(f"{name}:x:{number}:\n" for name, number in users.items())
    return [
        Entry("etc/passwd", passwd.encode(), mode=0o644),
        Entry("etc/group", group.encode(), mode=0o644),
        Entry("etc/nsswitch.conf", b"hosts: files dns\n", mode=0o644),
    ]
