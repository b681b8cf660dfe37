"""Images with a Debian inside: bases for Dockerfiles, and PostgreSQL with the interface of its public image."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.cluster import versions
from tests.cluster.cache import content_key
from tests.cluster.command import Argument, run_logged
from tests.cluster.oci import LAYOUT, ImageConfig, write_image
from tests.cluster.packages import IMAGES, require

_POSTGRES_ENTRYPOINT = Path(__file__).parent / "postgres" / "entrypoint.sh"
_POSTGRES_USER = 999
_POSTGRES_DATA = "/var/lib/postgresql/data"
_POSTGRES_BIN = f"/usr/lib/postgresql/{versions.POSTGRES}/bin"
_PATH = ImageConfig().env[0]


@dataclass(frozen=True)
class DebianImage:
    """One image: its packages, and the commands that finish the file system."""

    reference: str
    packages: tuple[str, ...]
    config: ImageConfig
    before: tuple[str, ...] = ()
    """Shell commands before the packages are installed; "$1" is the root of the image."""
    after: tuple[str, ...] = ()
    """Shell commands after that."""
    left_out: tuple[str, ...] = ()
    """Paths that the packages bring and nobody here needs."""

    @property
    def key(self) -> str:
        """Changes whenever the recipe does; newer packages of the same release do not change it."""
        files = _POSTGRES_ENTRYPOINT.read_text() if "postgres" in self.reference else ""
        return content_key([asdict(self), versions.DEBIAN, files, LAYOUT])

    def fill(self, folder: Path, log: Path) -> None:
        """Install the packages into an empty root and pack it."""
        require(IMAGES)
        layer = folder / "layer.tar"
        left_out = ("/usr/share/doc/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/man/*", *self.left_out)
        options: list[Argument] = [f"--dpkgopt=path-exclude={path}" for path in left_out]
        options += [f"--essential-hook={command}" for command in self.before]
        options += [f"--customize-hook={command}" for command in (*self.after, *_CLEAN)]
        if self.packages:
            options.append(f"--include={','.join(self.packages)}")
        run_logged(
            ["mmdebstrap", "--mode=root", "--variant=minbase", *options, versions.DEBIAN, layer],
            log,
            env={"SOURCE_DATE_EPOCH": "0"},
        )
        write_image(folder / "image.tar", self.reference, [layer], self.config)
        layer.unlink()


_CLEAN = ('rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/* "$1"/var/log/*.log "$1"/var/log/apt',)

DEBIAN_IMAGES: Mapping[str, DebianImage] = {
    "debian": DebianImage(
        reference=f"docker.io/library/debian:{versions.DEBIAN}-slim",
        packages=("ca-certificates",),
        config=ImageConfig(cmd=("bash",), user=""),
    ),
    "python": DebianImage(
        reference=f"docker.io/library/python:{versions.PYTHON}-slim-{versions.DEBIAN}",
        packages=("ca-certificates", "python3-pip", "python3-venv"),
        config=ImageConfig(cmd=("python3",), env=(_PATH, "LANG=C.UTF-8"), user=""),
        after=(
            # The public image has its Python here, and lets pip install into it.
            'ln -s /usr/bin/python3 "$1"/usr/local/bin/python',
            'ln -s /usr/bin/python3 "$1"/usr/local/bin/python3',
            f'ln -s /usr/bin/python3 "$1"/usr/local/bin/python{versions.PYTHON}',
            'rm "$1"/usr/lib/python3*/EXTERNALLY-MANAGED',
        ),
        left_out=("/usr/include/*", "/usr/lib/gcc/*"),
    ),
    "postgres": DebianImage(
        reference=f"docker.io/library/postgres:{versions.POSTGRES}",
        packages=(f"postgresql-{versions.POSTGRES}",),
        config=ImageConfig(
            entrypoint=("docker-entrypoint.sh",),
            cmd=("postgres",),
            env=(
                f"PATH={_POSTGRES_BIN}:{_PATH.removeprefix('PATH=')}",
                f"PGDATA={_POSTGRES_DATA}",
                f"PG_MAJOR={versions.POSTGRES}",
                "LANG=C.UTF-8",
            ),
            user=str(_POSTGRES_USER),
            stop_signal="SIGINT",  # a fast stop; SIGTERM would wait for every client
        ),
        before=(
            # The package takes a user that is there already, and would give a new one another number.
            f'echo "postgres:x:{_POSTGRES_USER}:" >> "$1"/etc/group',
            f'echo "postgres:x:{_POSTGRES_USER}:{_POSTGRES_USER}::/var/lib/postgresql:/bin/sh" >> "$1"/etc/passwd',
            # The package would make a database of its own at once.
            'mkdir -p "$1"/etc/postgresql-common',
            'echo "create_main_cluster = false" > "$1"/etc/postgresql-common/createcluster.conf',
        ),
        after=(
            f'install -m 0755 "{_POSTGRES_ENTRYPOINT}" "$1"/usr/local/bin/docker-entrypoint.sh',
            'mkdir -p "$1"/docker-entrypoint-initdb.d',
            f'install -d -o {_POSTGRES_USER} -g {_POSTGRES_USER} -m 0700 "$1"{_POSTGRES_DATA}',
            f'install -d -o {_POSTGRES_USER} -g {_POSTGRES_USER} -m 3777 "$1"/run/postgresql',
            # As in the public image: a server in a container is there for others.
            f"sed -i \"s/^#listen_addresses = .*/listen_addresses = '*'/\" "
            f'"$1"/usr/share/postgresql/{versions.POSTGRES}/postgresql.conf.sample',
        ),
        # Without the compiler for queries the image is half as large; the server goes without when it is absent.
        left_out=(
            "/usr/lib/x86_64-linux-gnu/libLLVM*",
            f"/usr/lib/postgresql/{versions.POSTGRES}/lib/llvmjit.so",
            f"/usr/lib/postgresql/{versions.POSTGRES}/lib/bitcode/*",
        ),
    ),
}
