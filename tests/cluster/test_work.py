"""Work on a cluster within this process: results, errors, listeners, slots, ends and refusals."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from distributed.comm import CommClosedError
from distributed.scheduler import KilledWorker

from tasks.cluster import cluster, connection, fitness, worker
from tasks.cluster.choice import use_cluster
from tasks.cluster.work import conclude
from tasks.errors import TrainingError, UserError
from tasks.process import side_by_side
from tasks.process.child import ChildError, run_apart
from tasks.process.place import PLACE, STOPPED, where_trained
from tasks.process.side_by_side import choose_jobs, list_cores, work_side_by_side
from tasks.train import device
from tasks.train.identity import describe_computing

PATIENCE_SECONDS = 60


class Heard:
    """Hears of what a child does, and waits until a number of calls have come."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.threads: set[int] = set()
        self.changed = threading.Condition()

    def on_progress(self, *arguments: Any) -> None:
        with self.changed:
            self.threads.add(threading.get_ident())
            self.calls.append(arguments)
            self.changed.notify_all()

    def wait_for(self, number: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.calls) >= number, timeout=PATIENCE_SECONDS)


def work(*works: Callable[[], Any]) -> list[Any]:
    """The results of works that are done side by side."""
    return [future.result() for future in work_side_by_side(works, jobs=len(works))]


@pytest.mark.usefixtures("connected")
def test_result_comes_from_a_child_of_a_worker() -> None:
    [(total, pid)] = work(lambda: run_apart("far:add", left=1, right=2))
    assert total == 3
    assert pid != os.getpid()


@pytest.mark.usefixtures("connected")
def test_each_listener_is_called_in_the_thread_that_waits_in_order() -> None:
    listeners, threads = [Heard(), Heard()], []

    def tell(listener: Heard) -> None:
        threads.append(threading.get_ident())
        run_apart("far:tell", listener=listener)

    work(*(lambda it=it: tell(it) for it in listeners))  # type: ignore[misc]
    assert [it.calls for it in listeners] == [[(1, 0), (1, 1), (1, 2)]] * 2
    assert set.union(*(it.threads for it in listeners)) <= set(threads)


@pytest.mark.usefixtures("connected")
@pytest.mark.parametrize("error", [UserError("bad data; correct it"), TrainingError("the loss is not finite")])
def test_errors_that_explain_themselves_keep_their_class_and_words(error: Exception) -> None:
    with pytest.raises(type(error), match=str(error)):
        work(lambda: run_apart("far:fail", error=error))


@pytest.mark.usefixtures("connected")
def test_other_errors_are_named_and_carry_their_traceback() -> None:
    with pytest.raises(ChildError, match="ZeroDivisionError: division by zero") as caught:
        work(lambda: run_apart("far:divide"))
    assert any("in divide" in note for note in caught.value.__notes__)


@pytest.mark.usefixtures("connected")
def test_killed_child_is_a_training_error_and_is_not_tried_again(said: list[str]) -> None:
    with pytest.raises(TrainingError, match="memory"):
        work(lambda: run_apart("far:die", number=signal.SIGKILL))
    assert len(said) == 1


@pytest.mark.usefixtures("connected")
def test_sums_are_divided_as_on_this_machine() -> None:
    [(_, threads)] = work(lambda: run_apart("far:describe"))
    assert threads == str(len(list_cores()))


@pytest.mark.usefixtures("connected")
def test_jobs_are_the_slots_of_the_workers() -> None:
    assert choose_jobs(None, num_works=9, shares_gpu=True) == 2
    assert choose_jobs(None, num_works=1, shares_gpu=False) == 1
    assert choose_jobs(1, num_works=9, shares_gpu=False) == 1


def test_without_a_cluster_children_run_here() -> None:
    with use_cluster(None, roots=[], say=pytest.fail):
        assert side_by_side.make_places(jobs=1)[0].elsewhere is None


@pytest.mark.usefixtures("connected")
def test_end_of_the_run_kills_the_children_before_it_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    heard, ends = Heard(), []

    def wait() -> None:
        try:
            run_apart("far:wait", listener=heard)
        except TrainingError as stopped:
            ends.append(str(stopped))
            raise

    def interrupt(_: Any) -> None:
        heard.wait_for(2)
        raise KeyboardInterrupt

    monkeypatch.setattr(side_by_side, "wait_for_all", interrupt)
    with pytest.raises(KeyboardInterrupt):
        work_side_by_side([wait, wait, wait], jobs=2)
    assert ends == [STOPPED] * 2
    assert len(heard.calls) == 2
    assert not any(psutil.pid_exists(pid) for (pid,) in heard.calls)


@pytest.mark.usefixtures("connected")
def test_error_in_the_listener_ends_the_child() -> None:
    pids = []

    class Failing:
        def on_progress(self, pid: int) -> None:
            pids.append(pid)
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        work(lambda: run_apart("far:wait", listener=Failing()))
    assert not psutil.pid_exists(pids[0])


@pytest.mark.usefixtures("connected")
def test_worker_that_is_not_fit_is_left_out_and_another_does_the_work(
    monkeypatch: pytest.MonkeyPatch, scheduler: Any, said: list[str]
) -> None:
    addresses = sorted(it.address for it in scheduler.workers.values())

    def find_fault(_: Any) -> str | None:
        return "libraries.keras is 2.0 there and 3.15 here" if worker.get_worker().address == addresses[0] else None

    monkeypatch.setattr(worker, "find_fault", find_fault)
    assert work(*[lambda: run_apart("far:add", left=1, right=2)[0]] * 2) == [3, 3]
    assert said[1:] == [f"the worker {addresses[0]} is left out: libraries.keras is 2.0 there and 3.15 here"]
    assert choose_jobs(None, num_works=9, shares_gpu=False) == 1


@pytest.mark.usefixtures("connected")
def test_work_without_any_fit_worker_ends_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(worker, "find_fault", lambda _: "it does not see the folder /data of the flow")
    with pytest.raises(UserError, match=r"has had no worker.*does not see.*bakeoff cluster --scheduler tcp"):
        work(lambda: run_apart("far:add", left=1, right=2))


def test_worker_that_lacks_code_says_which() -> None:
    job: Any = type("Job", (), {"options": b"cno_such_module\nOption\n."})
    with pytest.raises(worker.UnfitWorkerError, match="No module named 'no_such_module'; install it") as caught:
        worker.read_options(job, "tcp://10.0.0.2:4000")
    assert caught.value.worker == "tcp://10.0.0.2:4000"


def test_missing_folder_is_noticed_before_anything_is_trained(
    scheduler: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitness, "announce_process", lambda root: type("Lock", (), {"lock_file": root / "a" / "b"}))
    with (
        pytest.raises(UserError, match=f"no worker at .* can train .*does not see the folder {tmp_path} of the flow"),
        use_cluster(scheduler.scheduler_address, roots=[tmp_path], say=lambda _: None),
    ):
        pass


class TestGpus:
    """Two workers, one of which has a GPU."""

    @pytest.fixture
    def scheduler(self, start_cluster: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
        monkeypatch.setattr(device, "find_device", lambda: "NVIDIA H100")
        monkeypatch.setattr(fitness, "find_device", lambda: "NVIDIA H100")
        monkeypatch.setattr(cluster, "find_device", device.find_device)
        with start_cluster([{"GPU": 1}, {}]) as started:
            yield started

    @pytest.mark.usefixtures("connected")
    def test_function_that_needs_one_has_it_to_itself(self, scheduler: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        states: list[str] = []
        heard = Heard()

        def wait() -> None:
            run_apart("far:wait", listener=heard, on_gpu=True)

        def look(_: Any) -> None:
            heard.wait_for(1)
            states.extend(sorted(task.state for it in scheduler.workers.values() for task in it.state.tasks.values()))
            raise KeyboardInterrupt

        monkeypatch.setattr(side_by_side, "wait_for_all", look)
        with pytest.raises(KeyboardInterrupt):
            work_side_by_side([wait, wait], jobs=2)
        assert states == ["constrained", "executing"]
        assert len(heard.calls) == 1

    @pytest.mark.usefixtures("connected")
    def test_models_are_identified_by_the_gpu_of_the_workers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert device.find_remote_device() == "NVIDIA H100"
        assert describe_computing("auto", remote=device.find_remote_device())["kernels"] == "tensorflow"
        device.use_device("gpu")
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
        assert device.find_remote_device() == "CPU"

    @pytest.mark.usefixtures("connected")
    def test_worker_with_another_gpu_refuses(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(connection, "PATIENCE_SECONDS", 0.2)
        monkeypatch.setattr(fitness, "find_device", lambda: "NVIDIA T4")
        with pytest.raises(UserError, match=r"no worker with a GPU.*GPU is NVIDIA T4 there and NVIDIA H100 here"):
            work(lambda: run_apart("far:add", left=1, right=2, on_gpu=True))


@pytest.mark.usefixtures("connected")
def test_wanted_gpu_that_no_worker_has_is_refused() -> None:
    with pytest.raises(UserError, match=r"no worker of --scheduler has a GPU; .*bakeoff cluster --gpus 1"):
        device.use_device("gpu")


@pytest.mark.usefixtures("connected")
def test_devices_are_measured_on_the_workers() -> None:
    assert PLACE.get(None) is None
    with where_trained():
        assert run_apart("far:add", left=1, right=2)[0] == 3
        assert PLACE.get().elsewhere
    assert PLACE.get(None) is None


class TestEnds:
    """Workers that end while they work."""

    @pytest.fixture
    def scheduler(self, start_cluster: Callable[..., Any]) -> Iterator[Any]:
        with start_cluster([{}, {}]) as started:
            yield started

    @pytest.mark.usefixtures("connected")
    def test_work_of_a_worker_that_is_closed_is_done_by_another(self, scheduler: Any, tmp_path: Path) -> None:
        class Close(Heard):
            def on_progress(self, *arguments: Any) -> None:
                if not self.calls:
                    busy = next(it for it in scheduler.workers.values() if it.state.executing_count)
                    scheduler.loop.add_callback(busy.close)
                super().on_progress(*arguments)

        heard = Close()
        assert work(lambda: run_apart("far:resume", folder=tmp_path, listener=heard)) == ["done"]
        assert len(heard.calls) == 2
        wait_until(lambda: not psutil.pid_exists(heard.calls[0][0]))
        wait_until(lambda: choose_jobs(None, num_works=9, shares_gpu=False) == 1)


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for what comes a moment after the work is done, such as the end of a child."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_work_that_ends_its_workers_is_given_up_in_one_line() -> None:
    future: Any = SimpleNamespace(
        status="error", exception=lambda: KilledWorker("far", SimpleNamespace(address="a"), 3)
    )
    with pytest.raises(TrainingError, match=r"4 workers ended while they did this work, .*Give them more memory"):
        conclude(future)


@pytest.mark.parametrize(
    ("found", "fault"),
    [
        (None, None),
        ("its code differs", "its code differs"),
        (
            ModuleNotFoundError("No module named 'tasks'"),
            "it lacks this package: No module named 'tasks'; install it there",
        ),
        (CommClosedError("in <TCP>"), "it does not answer: in <TCP>; start it again"),
        (TimeoutError("after 30 s"), "it does not answer: after 30 s; start it again"),
    ],
)
def test_worker_that_does_not_answer_is_told_from_one_without_the_package(found: Any, fault: str | None) -> None:
    assert cluster.tell_fault(found) == fault


def test_lost_result_is_made_again() -> None:
    def lose(**_: Any) -> None:
        raise CancelledError

    future: Any = SimpleNamespace(status="cancelled", result=lose)
    with pytest.raises(worker.DisplacedError):
        conclude(future)
