"""A lease has one holder, who renews it; it is taken over when its holder is gone, and by nobody before."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tasks.store import leases
from tasks.store.leases import Lease, hold_lease
from tasks.store.objects import Objects, open_objects


@pytest.fixture
def objects(bucket: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Objects]:
    monkeypatch.setattr(leases, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(leases, "RENEWAL_SECONDS", 0.02)
    return open_objects(bucket)


def hold(objects: Objects, machine: str, waits: list[str]) -> bool:
    with hold_lease(objects, "training-1", machine, on_wait=lambda: waits.append(machine)) as has_waited:
        return has_waited


def test_one_of_many_holds_it_at_a_time(objects: Objects) -> None:
    held, most, guard = [], [], threading.Lock()

    def work(machine: str) -> None:
        with hold_lease(objects, "training-1", machine, on_wait=lambda: None):
            with guard:
                held.append(machine)
                most.append(len(held))
            with guard:
                held.remove(machine)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, "abcdef"))
    assert most == [1] * 6
    assert list(objects.list()) == []


def test_lease_that_is_renewed_is_not_taken_over(objects: Objects, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "STALE_SECONDS", 0.5)
    lease, waits, done = Lease(objects, ".locks/training-1.lease", "a"), list[str](), threading.Event()
    assert lease.take()

    def wait() -> None:
        hold(objects, "b", waits)
        done.set()

    thread = threading.Thread(target=wait)
    thread.start()
    assert not done.wait(1.0)
    lease.release()
    thread.join()
    assert waits == ["b"]


def abandon(objects: Objects, machine: str) -> Lease:
    """Take a lease as a process does that is then killed."""
    lease = Lease(objects, ".locks/training-1.lease", machine)
    assert lease.take()
    lease.ended.set()
    lease.renewal.join()
    return lease


def test_lease_of_a_machine_that_is_gone_is_taken_over(objects: Objects, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "STALE_SECONDS", 0.1)
    lost, waits = abandon(objects, "a"), list[str]()
    assert hold(objects, "b", waits)
    assert waits == ["b"]
    lost.release()


def test_lease_of_a_dead_process_of_this_machine_is_taken_over_at_once(objects: Objects) -> None:
    abandon(objects, "a")
    waits: list[str] = []
    assert not hold(objects, "a", waits)
    assert waits == []


def test_holder_that_has_lost_its_lease_leaves_that_of_its_successor(
    objects: Objects, caplog: pytest.LogCaptureFixture
) -> None:
    lease = Lease(objects, ".locks/training-1.lease", "a")
    assert lease.take()
    objects.put(lease.key, b'{"holder": "b"}')
    lease.renewal.join(10)
    assert "was taken over by another machine" in caplog.text
    lease.release()
    there = objects.get(lease.key)
    assert there is not None
    assert there.content == b'{"holder": "b"}'
