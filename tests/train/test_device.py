"""Which device computes: the processor, unless there is an accelerator that the backend can use."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.errors import UserError
from tasks.train import device
from tasks.train.device import find_device, may_have_accelerator, name_device, use_device

# Asks for the processor after the backend has been imported, as in a child process, and names what is left.
RESTRICT = """
import os, sys
from pathlib import Path
import keras
from tasks.train import backend
backend.DEVICE_FILES = Path(sys.argv[1])
name = backend.prepare_device("cpu")
if keras.backend.backend() == "jax":
    import jax
    print(jax.config.jax_platforms)
print(name, os.environ.get("CUDA_VISIBLE_DEVICES"))
"""


@pytest.fixture(autouse=True)
def forgotten_device() -> Iterator[None]:
    """Nothing is remembered from before a test, or after it."""
    find_device.cache_clear()
    yield
    find_device.cache_clear()


def test_machine_without_device_files_computes_on_its_processor(tmp_path: Path) -> None:
    (tmp_path / "null").touch()
    (tmp_path / "nvidiactl").touch()
    assert not may_have_accelerator(tmp_path)


@pytest.mark.parametrize("name", ["nvidia0", "dxg", "kfd", "accel0", "vfio/0"])
def test_device_file_of_a_driver_is_a_sign(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    assert may_have_accelerator(tmp_path)


@pytest.mark.parametrize("value", ["", "-1"])
def test_hidden_gpu_is_none(value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", value)
    (tmp_path / "nvidia0").touch()
    assert not may_have_accelerator(tmp_path)


def test_backend_is_asked_where_there_may_be_an_accelerator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "may_have_accelerator", lambda _: True)
    answers = {"tasks.train.backend:list_accelerators": ["NVIDIA H100"]}
    monkeypatch.setattr(device, "run_apart", answers.__getitem__)
    assert find_device() == "NVIDIA H100"


def test_answer_of_the_backend_comes_from_a_child_process(monkeypatch: pytest.MonkeyPatch) -> None:
    from tasks.train.backend import list_accelerators

    monkeypatch.setattr(device, "may_have_accelerator", lambda _: True)
    assert find_device() == name_device(list_accelerators())


def test_accelerators_are_named() -> None:
    assert name_device(["NVIDIA H100", "NVIDIA H100"]) == "NVIDIA H100, NVIDIA H100"
    assert name_device([]) == "CPU"


@pytest.fixture
def machine_with_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """There is the device file of a GPU, the backend can use it, and the environment hides nothing."""
    for name in device.WITHOUT_ACCELERATORS:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    (tmp_path / "nvidia0").touch()
    looks = may_have_accelerator
    monkeypatch.setattr(device, "may_have_accelerator", lambda _: looks(tmp_path))
    monkeypatch.setattr(device, "run_apart", lambda _: ["NVIDIA H100"])


@pytest.mark.parametrize(("wanted", "found"), [("auto", "NVIDIA H100"), ("gpu", "NVIDIA H100"), ("cpu", "CPU")])
@pytest.mark.usefixtures("machine_with_gpu")
def test_wanted_device_is_used(wanted: device.Device, found: str) -> None:
    use_device(wanted)
    assert find_device() == found


def test_gpu_that_is_wanted_but_missing_is_an_error_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "may_have_accelerator", lambda _: False)
    with pytest.raises(UserError, match="choose --device auto"):
        use_device("gpu")
    use_device("auto")
    assert find_device() == "CPU"


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_child_computes_on_the_processor_if_that_was_chosen(backend: str, tmp_path: Path) -> None:
    (tmp_path / "nvidia0").touch()
    environment = {name: value for name, value in os.environ.items() if name not in device.WITHOUT_ACCELERATORS}
    done = subprocess.run(
        [sys.executable, "-c", RESTRICT, str(tmp_path)],
        env={**environment, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == f"CPU ({os.cpu_count()} cores), {backend} -1"
    assert backend == "tensorflow" or done.stdout.splitlines()[-2] == "cpu"


def test_process_without_an_accelerator_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tasks.train import backend

    monkeypatch.setattr(backend, "DEVICE_FILES", tmp_path)
    monkeypatch.setattr(backend, "hide_accelerators", lambda: pytest.fail("there is nothing to hide"))
    backend.restrict_device("cpu")
