"""Arguments and files on their way to a worker that has copies of its own of what is in an object store, and back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.cluster.fitness import Needs, find_fault, list_unshared
from tasks.cluster.parcel import carried, pack, take_over, unpack
from tasks.store.outputs import Output, produce

Machine = Callable[[str], Path]
WORK = ".work/training-0123"


def publish_sequences(root: Path) -> Path:
    """An output that a function reads."""

    def write(folder: Path) -> dict[str, Any]:
        (folder / "train.parquet").write_text("sequences")
        return {}

    output = Output(
        root=root, kind="encoding", name="tiny", family="enc", folder="enc/1", decided_by={}, facts_type=dict
    )
    produce(output, write)
    return output.path


def pack_options(root: Path) -> tuple[bytes, tuple[str, ...]]:
    return pack(
        {"sequences_folder": publish_sequences(root), "folder": root / WORK, "elsewhere": Path("/x"), "epochs": 3}
    )


def test_paths_that_stand_for_addresses_are_those_of_the_machine(machine: Machine) -> None:
    content, addresses = pack_options(machine("flow"))
    here = machine("worker")
    assert unpack(content) == {
        "sequences_folder": here / "enc/1",
        "folder": here / WORK,
        "elsewhere": Path("/x"),
        "epochs": 3,
    }
    assert [it.partition("/artifacts/")[2] for it in addresses] == ["enc/1", WORK]


def test_inputs_are_fetched_and_files_that_were_made_come_back(machine: Machine) -> None:
    flow = machine("flow")
    content, addresses = pack_options(flow)
    worker = machine("worker")
    options = unpack(content)
    with carried(addresses, [worker]):
        assert (options["sequences_folder"] / "train.parquet").read_text() == "sequences"
        (options["folder"] / "model.keras").write_text("weights")
        (options["folder"] / "checkpoint").mkdir()
        (options["folder"] / "checkpoint" / "state.npz").write_text("epoch 1")
    assert not (worker / WORK).exists()
    machine("flow")
    take_over(addresses, [flow])
    assert [path.name for path in (flow / WORK).iterdir()] == ["model.keras"]
    assert (flow / WORK / "model.keras").read_text() == "weights"


def test_work_that_was_interrupted_goes_on_elsewhere_from_its_checkpoint(machine: Machine) -> None:
    content, addresses = pack_options(machine("flow"))
    first = machine("first")
    state = unpack(content)["folder"] / "checkpoint" / "state.npz"

    def interrupt() -> None:
        with carried(addresses, [first]):
            state.parent.mkdir(parents=True)
            state.write_text("epoch 1")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    second = machine("second")
    with carried(addresses, [second]):
        assert (unpack(content)["folder"] / "checkpoint" / "state.npz").read_text() == "epoch 1"


def test_what_flow_and_worker_share_is_left_alone(machine: Machine) -> None:
    flow = machine("flow")
    content, addresses = pack_options(flow)
    needs = Needs.of([flow])
    assert find_fault(needs) is None
    assert list_unshared(needs) == []
    with carried(addresses, list_unshared(needs)):
        assert not (unpack(content)["folder"]).exists()
    worker = machine("worker")
    assert find_fault(needs) is None
    assert list_unshared(needs) == [worker]


def test_worker_that_cannot_use_the_store_is_not_fit(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    needs = Needs.of([machine("flow")])
    machine("another")
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert "it cannot use s3://" in str(find_fault(needs))
