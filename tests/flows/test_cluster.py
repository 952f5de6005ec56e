"""What `bakeoff cluster` refuses, and what it says."""

import socket

import pytest

from flows.cluster import check_cluster
from tasks.cluster.machine import describe_gpu
from tasks.errors import UserError
from tasks.settings.cluster import ClusterConfig


def test_more_gpus_than_workers_are_refused() -> None:
    check_cluster(ClusterConfig(workers=2, gpus=2, scheduler_port=0))
    with pytest.raises(UserError, match=r"--gpus is 3, but there are 2 workers; .*Raise --workers, or lower --gpus"):
        check_cluster(ClusterConfig(workers=2, gpus=3))


def test_scheduler_without_workers_is_possible_but_joining_without_any_is_not() -> None:
    check_cluster(ClusterConfig(workers=0, scheduler_port=0))
    with pytest.raises(UserError, match="--workers is 0; expected at least one worker to join --scheduler"):
        check_cluster(ClusterConfig(workers=0, scheduler="tcp://127.0.0.1:8786"))


def test_port_that_is_in_use_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        taken = ClusterConfig(scheduler_port=port)
        with pytest.raises(UserError, match=f"--scheduler-port {port} .* opened: Address already in use; .*Choose"):
            check_cluster(taken)


def test_host_that_is_not_of_this_machine_is_one_line() -> None:
    with pytest.raises(
        UserError, match=r"--scheduler-host no-such-host cannot be opened: .*; expected a free port of this"
    ):
        check_cluster(ClusterConfig(scheduler_host="no-such-host", scheduler_port=0))


def test_the_first_workers_have_a_gpu_each_and_the_others_none() -> None:
    assert [describe_gpu(index, 2) for index in range(3)] == [
        {"env": {"CUDA_VISIBLE_DEVICES": "0"}, "resources": {"GPU": 1}},
        {"env": {"CUDA_VISIBLE_DEVICES": "1"}, "resources": {"GPU": 1}},
        {"env": {"CUDA_VISIBLE_DEVICES": "-1"}},
    ]
