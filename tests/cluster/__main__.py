"""The command: `python -m tests.cluster up|down|status|load|build|image|kubectl|env`."""

import argparse
import os
import shlex
import sys
from pathlib import Path

from tests.cluster import node
from tests.cluster.build import component
from tests.cluster.errors import ClusterError
from tests.cluster.images import IMAGES, image
from tests.cluster.progress import progress, say
from tests.cluster.project import build_project_image
from tests.cluster.recipes import RECIPES


def main(arguments: list[str]) -> int:
    """Run one verb; an expected failure is a message and status 1, not a traceback."""
    if arguments[:1] == ["kubectl"]:  # every further word, options included, is kubectl's
        return _kubectl(arguments[1:])
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except ClusterError as error:
        say(f"error: {error}")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description="A real one-node Kubernetes cluster.")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    verbs.add_parser("up", help="start the node; does nothing if it is healthy").set_defaults(run=_up)
    verbs.add_parser("down", help="stop the node and remove everything but its logs").set_defaults(run=_down)
    verbs.add_parser("status", help="what runs; status 0 if healthy, 3 if not").set_defaults(run=_status)
    load = verbs.add_parser("load", help="put image archives into the node")
    load.add_argument("images", nargs="+", metavar="IMAGE", help=f"an archive, or one of {', '.join(IMAGES)}")
    load.set_defaults(run=_load)
    build = verbs.add_parser("build", help="make programs and images into the cache; everything if none is named")
    build.add_argument("names", nargs="*", metavar="NAME", help=f"program: {', '.join(RECIPES)}; or an image")
    build.set_defaults(run=_build)
    own = verbs.add_parser("image", help="build the project's own image and print the path of its archive")
    own.add_argument("tag", metavar="TAG")
    own.add_argument("context", nargs="?", type=Path, default=Path(), metavar="FOLDER")
    own.add_argument("--load", action="store_true", help="put it into the node as well")
    own.set_defaults(run=_image)
    verbs.add_parser("env", help="print the shell line that points kubectl at the node").set_defaults(run=_env)
    verbs.add_parser("kubectl", help="run kubectl against the node", add_help=False)
    return parser


def _up(_: argparse.Namespace) -> int:
    if node.status().healthy:
        say("the node is up")
        return 0
    with progress("node"):
        node.up()
    return 0


def _down(_: argparse.Namespace) -> int:
    node.down()
    say(f"the node is down; its logs are in {node.layout().logs}")
    return 0


def _status(_: argparse.Namespace) -> int:
    found = node.status()
    for name in node.DAEMONS:
        print(f"{name:24} {'running' if name in found.alive else 'not running'}")
    print(f"{'node':24} {'ready' if found.healthy else 'not ready'}")
    return 0 if found.healthy else 3


def _load(options: argparse.Namespace) -> int:
    for name in options.images:
        archive = image(name) if name in IMAGES else Path(name)
        with progress(f"loading {name}"):
            node.load(archive)
    return 0


def _build(options: argparse.Namespace) -> int:
    for name in options.names or [*RECIPES, *(f"image:{name}" for name in IMAGES)]:
        # A program and its image share a name: the program is meant unless `image:` stands before it.
        is_program = name in RECIPES
        print(component(name) if is_program else image(name.removeprefix("image:")))
    return 0


def _image(options: argparse.Namespace) -> int:
    archive = build_project_image(options.context, options.tag)
    if options.load:
        node.load(archive)
    print(archive)
    return 0


def _env(_: argparse.Namespace) -> int:
    print(f"export KUBECONFIG={shlex.quote(str(node.layout().kubeconfig))}")
    return 0


def _kubectl(arguments: list[str]) -> int:
    words = [str(word) for word in node.kubectl().words]
    sys.stdout.flush()
    os.execv(words[0], [*words, *arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
