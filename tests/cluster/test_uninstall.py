"""The end of the install that the other tests share: what goes with it, and what stays."""

from tests.cluster.installing import INSTALL_SECONDS, Install, Json
from tests.cluster.waiting import wait_until


def test_an_uninstall_keeps_the_jobs_and_their_reports(install: Install, undisturbed: Json) -> None:
    install.helm("uninstall", "outlast", "--wait", f"--timeout={INSTALL_SECONDS}s")
    wait_until(lambda: not install.pods("worker"), what="the end of the workers", deadline_seconds=90)
    assert install.status("neighbours") == undisturbed
    assert install.get("configmap", "neighbours-report")["data"]
    kinds = "deployment,service,serviceaccount,role,rolebinding,networkpolicy,poddisruptionbudget,configmap"
    assert install.get(kinds, "--selector", "app.kubernetes.io/instance=outlast")["items"] == []
    install.helm("uninstall", "outlast-crds")
    assert install.status("neighbours") == undisturbed
