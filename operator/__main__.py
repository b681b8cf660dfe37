"""`python operator`: runs the operator with the settings of this process."""  # noqa: A005 - no package

from __future__ import annotations

import sys

import handlers  # noqa: F401 - registers the handlers
import kopf

from outlast.errors import OutlastError
from outlast.settings import load_settings


def main() -> None:
    """Run until SIGTERM."""
    try:
        settings = load_settings()
    except OutlastError as error:
        sys.exit(str(error))
    namespaces = settings.operator_namespaces
    kopf.configure(log_format=kopf.LogFormat.JSON if settings.log_format == "json" else kopf.LogFormat.FULL)
    kopf.run(clusterwide=not namespaces, namespaces=namespaces, standalone=True)


if __name__ == "__main__":
    main()
