"""A night in which everything is killed at once does not block the next one."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from conftest import Site, WebhookReceiver

SMALL = {"dataset": "sample", "limit": 50, "epochs": 1, "variants": ["flatten"], "baselines": ["none"]}
LONG = SMALL | {"limit": 2_000, "epochs": 1_000, "patience": 1_000}

pytestmark = pytest.mark.slow


@pytest.fixture
def night(new_site: "Site") -> Iterator["Site"]:
    """A site with nothing started; whatever a test starts is killed with it."""
    yield new_site
    kill_everything(new_site)


def kill_everything(site: "Site") -> None:
    """Kill all processes of a site at once, as a power cut does."""
    doomed = site.find_processes()
    for process in doomed:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    for started in site.started:
        started.wait()
    psutil.wait_procs(doomed)


def test_power_cut_does_not_block_the_next_night(night: "Site", receiver: "WebhookReceiver") -> None:
    night.start_server()
    night.start_serving()
    dead = night.start_run("train-all/nightly", **LONG)
    night.wait_for_training()
    kill_everything(night)
    assert not receiver.received

    night.start_server()
    status, findings = night.examine()
    assert status == 1
    assert "sample · 1 variant · 1 seed has died without a report" in findings
    assert night.run(dead)["state"]["type"] == "RUNNING", "looking changes nothing"
    serving = night.start_serving()
    night.wait_for_state(dead, "CRASHED")
    night.wait_until(lambda: "run-crashed" in receiver.events())
    body = receiver.events()["run-crashed"]
    assert (body["run"]["id"], body["dataset"]) == (dead, "sample")
    following = night.start_run("train-all/nightly", **SMALL)
    assert night.wait_for_state(following, "COMPLETED", "FAILED", "CRASHED", "CANCELLED")["type"] == "COMPLETED"
    status, findings = night.examine()
    assert (status, "none has died without a report" in findings) == (0, True), findings
    assert "train-all/nightly   due " in findings
    night.stop(serving)
    assert not night.find_children()
