"""Asking an API server whether it is ready, without a client library: a start must be noticed within milliseconds."""

import http.client
import ssl
import urllib.error
import urllib.request

from tests.cluster.certificates import Endpoint
from tests.cluster.paths import Layout

_TIMEOUT_SECONDS = 2


def answers_ready(endpoint: Endpoint, layout: Layout) -> bool:
    """Whether the API server passes all of its own readiness checks."""
    return not reason_not_ready(endpoint, layout)


def reason_not_ready(endpoint: Endpoint, layout: Layout) -> str:
    """What stands in the way, or an empty text."""
    try:
        context = ssl.create_default_context(cafile=str(layout.pki / "ca.crt"))
        with urllib.request.urlopen(f"{endpoint.url}/readyz", timeout=_TIMEOUT_SECONDS, context=context):
            return ""
    except urllib.error.HTTPError as error:
        failed = [line for line in error.read().decode(errors="replace").splitlines() if line.startswith("[-]")]
        return f"status {error.code}: {'; '.join(failed)}"
    except (OSError, http.client.HTTPException) as error:
        return str(error)
