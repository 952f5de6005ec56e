"""Outputs are reused when intact, made again when not, whole or absent, and made once by processes side by side."""

import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tasks.store import outputs
from tasks.store.outputs import FileRecord, Manifest, Output, Produced, produce

PATIENCE_SECONDS = 60
FIELDS: dict[str, Any] = {
    "kind": "encoding",
    "name": "words",
    "family": "encodings",
    "folder": "encodings/words-{fingerprint}",
    "decided_by": {"encoding": {"length": 120, "vocab_size": 1000, "padding": "pre"}, "code": "c0de"},
}
# Makes the output given as JSON, but not before the file `release` exists; tells by files when it has begun to make
# it and when it has begun to wait for another process.
MAKER = """
import json, sys, time
from pathlib import Path
from tasks.store.outputs import Output, produce
root, signals, fields = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
def make(folder):
    (folder / "half.txt").write_text("half")
    with (signals / "made").open("a") as file:
        file.write("x")
    deadline = time.monotonic() + 60
    while not (signals / "release").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    (folder / "half.txt").rename(folder / "whole.txt")
    return {}
produced = produce(Output(root=root, facts_type=dict, **fields), make, on_wait=(signals / "waiting").touch)
print("reused" if produced.reused else "made")
"""


def make_output(root: Path, **settings: Any) -> Output:
    """An output whose encoding differs from that of FIELDS in the given settings."""
    decided_by = {**FIELDS["decided_by"], "encoding": {**FIELDS["decided_by"]["encoding"], **settings}}
    return Output(root=root, facts_type=dict, **{**FIELDS, "decided_by": decided_by})


def make_files(folder: Path) -> dict[str, Any]:
    (folder / "one.txt").write_text("one")
    (folder / "two.txt").write_text("two")
    return {"num_files": 2}


def refuse_to_make(_folder: Path) -> dict[str, Any]:
    pytest.fail("an intact output was made again")


def fail_to_make(error: BaseException) -> Callable[[Path], dict[str, Any]]:
    """A maker that leaves half a file and a checkpoint before it fails."""

    def make(folder: Path) -> dict[str, Any]:
        (folder / "one.txt").write_text("on")
        (folder / "checkpoint").mkdir(exist_ok=True)
        (folder / "checkpoint" / "state.npz").write_text("epoch 1")
        raise error

    return make


def is_whole(output: Output) -> bool:
    return outputs.why_not_reusable(output) is None


def files_under(folder: Path) -> set[str]:
    """Relative paths of all files but locks."""
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return {path for path in found if not path.startswith(outputs.LOCK_FOLDER)}


def start_maker(root: Path, signals: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", MAKER, str(root), str(signals), json.dumps(FIELDS)]
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE)


def wait_for(path: Path, *processes: "subprocess.Popen[str]") -> None:
    """Wait until the file exists; the processes must live until then."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not path.exists():
        assert all(process.poll() is None for process in processes)
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def signals(tmp_path: Path) -> Path:
    folder = tmp_path / "signals"
    folder.mkdir()
    return folder


def test_same_settings_are_reused_and_say_so(tmp_path: Path) -> None:
    first = produce(make_output(tmp_path), make_files)
    second = produce(make_output(tmp_path), refuse_to_make)
    assert second == Produced(first.manifest, True, "reused: same fingerprint")


def test_first_output_has_nothing_to_reuse(tmp_path: Path) -> None:
    produced = produce(make_output(tmp_path), make_files)
    assert not produced.reused
    assert produced.reason == "made: nothing to reuse"


def test_manifest_describes_what_was_made(tmp_path: Path) -> None:
    output = make_output(tmp_path)
    manifest = produce(output, make_files).manifest
    assert manifest == outputs.read_manifest(output.path / "manifest.json", dict)
    assert tmp_path / manifest.folder == output.path
    assert manifest.decided_by == output.decided_by
    assert manifest.facts == {"num_files": 2}
    assert {name: record.num_bytes for name, record in manifest.files.items()} == {"one.txt": 3, "two.txt": 3}


def test_changed_setting_is_named_as_the_reason(tmp_path: Path) -> None:
    produce(make_output(tmp_path), make_files)
    produced = produce(make_output(tmp_path, length=200), make_files)
    assert produced.reason == "made: encoding.length 120 -> 200"


def test_reason_compares_with_the_most_similar_earlier_output(tmp_path: Path) -> None:
    for settings in ({"length": 300, "vocab_size": 50}, {"length": 200}, {"padding": "post", "vocab_size": 60}):
        produce(make_output(tmp_path, **settings), make_files)
    produced = produce(make_output(tmp_path, length=200, padding="post"), make_files)
    assert produced.reason == "made: encoding.padding pre -> post"


def test_reason_compares_with_those_used_last_however_many_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for length in range(1, 101):
        output = make_output(tmp_path, length=length)
        produce(output, make_files)
        os.utime(output.path / "manifest.json", (length, length))
    read: list[str] = []
    own = outputs.parse_manifest
    monkeypatch.setattr(outputs, "parse_manifest", lambda text, kind: read.append(text) or own(text, kind))  # type: ignore[func-returns-value]
    assert produce(make_output(tmp_path, length=101), make_files).reason == "made: encoding.length 100 -> 101"
    assert len(read) == outputs.MOST_COMPARED


def test_reason_does_not_compare_with_outputs_of_another_name(tmp_path: Path) -> None:
    produce(replace(make_output(tmp_path), name="subwords"), make_files)
    assert produce(make_output(tmp_path, length=200), make_files).reason == "made: nothing to reuse"


def test_reason_counts_the_differences_that_it_leaves_out(tmp_path: Path) -> None:
    produce(make_output(tmp_path), make_files)
    produced = produce(make_output(tmp_path, length=1, vocab_size=2, padding="post", kind="subwords"), make_files)
    assert produced.reason.endswith("and 1 more")


def test_outputs_in_one_folder_are_told_apart_by_their_fingerprints(tmp_path: Path) -> None:
    """As evaluations are, which lie beside their model."""
    first, second = (replace(make_output(tmp_path, length=length), folder="models/lstm") for length in (120, 200))
    produce(first, make_files)
    assert produce(second, make_files).reason == "re-made: encoding.length 120 -> 200"
    assert not is_whole(first)


def test_deleted_file_is_made_again(tmp_path: Path) -> None:
    output = make_output(tmp_path)
    produce(output, make_files)
    (output.path / "two.txt").unlink()
    assert produce(output, make_files).reason == "re-made: two.txt is missing"
    assert (output.path / "two.txt").read_text() == "two"


@pytest.mark.parametrize("content", ["tw", "twO", ""])
def test_corrupted_file_is_made_again(content: str, tmp_path: Path) -> None:
    output = make_output(tmp_path)
    produce(output, make_files)
    (output.path / "two.txt").write_text(content)
    assert produce(output, make_files).reason == "re-made: two.txt does not match its hash"
    assert (output.path / "two.txt").read_text() == "two"


@pytest.mark.parametrize("content", [b"", b"{", b'{"kind": "encoding"}', b"\xff\xfe"])
def test_corrupted_manifest_is_made_again(content: bytes, tmp_path: Path) -> None:
    output = make_output(tmp_path)
    produce(output, make_files)
    (output.path / "manifest.json").write_bytes(content)
    assert produce(output, make_files).reason == "re-made: manifest.json could not be read"
    assert is_whole(output)


def test_any_changed_byte_of_a_manifest_is_noticed(tmp_path: Path) -> None:
    output = make_output(tmp_path)
    produce(output, make_files)
    path = output.path / "manifest.json"
    intact = path.read_bytes()
    before = json.loads(intact)
    for position, byte in enumerate(intact):
        # The lowest bit makes another digit, letter or sign of it.
        changed = bytes([*intact[:position], byte ^ 1, *intact[position + 1 :]])
        path.write_bytes(changed)
        with contextlib.suppress(ValueError):
            assert json.loads(changed) == before or not is_whole(output), changed[position - 20 : position + 20]
    assert produce(output, make_files).reason == "re-made: manifest.json could not be read"


def test_manifest_of_an_older_version_has_no_checksum(tmp_path: Path) -> None:
    output = make_output(tmp_path)
    produce(output, make_files)
    path = output.path / "manifest.json"
    content = json.loads(path.read_text())
    del content["checksum"]
    path.write_text(json.dumps(content))
    assert is_whole(output)


def test_corrupted_manifest_of_another_output_does_not_stop_this_one(tmp_path: Path) -> None:
    other = make_output(tmp_path, length=200)
    produce(other, make_files)
    (other.path / "manifest.json").write_text("{")
    assert produce(make_output(tmp_path), make_files).reason == "made: nothing to reuse"


def test_failing_make_leaves_no_file_but_its_checkpoint(tmp_path: Path) -> None:
    output = make_output(tmp_path)
    with pytest.raises(RuntimeError, match="broken"):
        produce(output, fail_to_make(RuntimeError("broken")))
    checkpoint = output.work_folder / "checkpoint" / "state.npz"
    assert files_under(tmp_path) == {str(checkpoint.relative_to(tmp_path))}
    assert not is_whole(output)


def test_interrupted_make_is_cleaned_up_like_a_failing_one(tmp_path: Path) -> None:
    output = make_output(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        produce(output, fail_to_make(KeyboardInterrupt()))
    assert not output.path.exists()
    assert not (output.work_folder / "one.txt").exists()


def test_next_try_finds_the_checkpoint_of_the_failed_one(tmp_path: Path) -> None:
    def go_on(folder: Path) -> dict[str, Any]:
        return {"state": (folder / "checkpoint" / "state.npz").read_text()}

    output = make_output(tmp_path)
    with pytest.raises(RuntimeError):
        produce(output, fail_to_make(RuntimeError()))
    assert produce(output, go_on).manifest.facts == {"state": "epoch 1"}


def test_checkpoint_is_dropped_when_the_output_is_whole(tmp_path: Path) -> None:
    output = make_output(tmp_path)
    with pytest.raises(RuntimeError):
        produce(output, fail_to_make(RuntimeError()))
    produce(output, make_files)
    assert not output.work_folder.exists()
    assert {path.name for path in output.path.iterdir()} == {"one.txt", "two.txt", "manifest.json"}


def test_failing_make_leaves_the_earlier_output_alone(tmp_path: Path) -> None:
    earlier, later = make_output(tmp_path), make_output(tmp_path, length=200)
    produce(earlier, make_files)
    with pytest.raises(RuntimeError):
        produce(later, fail_to_make(RuntimeError()))
    assert is_whole(earlier)


def test_manifest_is_written_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved: list[str] = []
    move = os.replace

    def record(source: Path, target: Path) -> None:
        moved.append(Path(target).name)
        move(source, target)

    monkeypatch.setattr(os, "replace", record)
    produce(make_output(tmp_path), make_files)
    assert moved == ["one.txt", "two.txt", "manifest.json"]


def test_output_made_again_has_no_manifest_while_its_files_are_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = make_output(tmp_path)
    produce(output, make_files)
    (output.path / "one.txt").write_text("corrupted")

    def die(_source: Path, _target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", die)
    with pytest.raises(KeyboardInterrupt):
        produce(output, make_files)
    assert not (output.path / "manifest.json").exists()


def test_training_made_again_takes_away_the_manifest_of_its_evaluation(tmp_path: Path) -> None:
    training = replace(make_output(tmp_path), kind="training", manifest_name="training.json")
    produce(training, make_files)
    (training.path / "manifest.json").write_text("of the evaluation of the lost model")
    (training.path / "one.txt").unlink()
    produce(training, make_files)
    assert {path.name for path in training.path.iterdir()} == {"one.txt", "two.txt", "training.json"}


def test_full_disk_while_making_leaves_nothing_that_counts_as_whole(tmp_path: Path) -> None:
    output = make_output(tmp_path)
    with pytest.raises(OSError, match="No space left"):
        produce(output, fail_to_make(OSError(errno.ENOSPC, "No space left on device")))
    assert not is_whole(output)
    assert not output.path.exists()


def test_full_disk_while_publishing_leaves_nothing_that_counts_as_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_out(_path: Path, _text: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    output = make_output(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(outputs, "write_atomically", run_out)
        with pytest.raises(OSError, match="No space left"):
            produce(output, make_files)
    assert not is_whole(output)
    assert not produce(output, make_files).reused


def test_two_processes_make_an_output_once(tmp_path: Path, signals: Path) -> None:
    processes = [start_maker(tmp_path, signals) for _ in range(2)]
    wait_for(signals / "waiting", *processes)
    (signals / "release").touch()
    answers = [process.communicate(timeout=PATIENCE_SECONDS)[0].strip() for process in processes]
    assert sorted(answers) == ["made", "reused"]
    assert (signals / "made").read_text() == "x"


def test_killed_process_releases_its_lock_and_leaves_nothing_whole(tmp_path: Path, signals: Path) -> None:
    process = start_maker(tmp_path, signals)
    wait_for(signals / "made", process)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=PATIENCE_SECONDS)
    output = make_output(tmp_path)
    assert not is_whole(output)
    produced = produce(output, make_files, on_wait=lambda: pytest.fail("the dead process holds its lock"))
    assert not produced.reused
    assert produced.manifest.files.keys() == {"one.txt", "two.txt"}, "half.txt of the dead process is gone"


def test_lock_is_free_after_a_failure(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        produce(make_output(tmp_path), fail_to_make(RuntimeError()))
    produce(make_output(tmp_path), make_files, on_wait=lambda: pytest.fail("the failed try holds its lock"))


def test_fingerprint_does_not_depend_on_the_order_of_settings(tmp_path: Path) -> None:
    output = make_output(tmp_path)
    turned = replace(output, decided_by=dict(reversed(output.decided_by.items())))
    assert turned.fingerprint == output.fingerprint


def test_fingerprint_depends_on_the_kind(tmp_path: Path) -> None:
    output = make_output(tmp_path)
    assert replace(output, kind="training").fingerprint != output.fingerprint


def describe_files(**contents: str) -> Manifest:
    files = {name: FileRecord(sha256=content, num_bytes=1) for name, content in contents.items()}
    return Manifest(
        kind="k", name="n", fingerprint="f", folder="f", decided_by={}, facts={}, files=files, created="today"
    )


def test_content_hash_is_equal_for_equal_files() -> None:
    first, second = describe_files(one="1", two="2"), describe_files(two="2", one="1")
    assert first.content_hash == second.content_hash


@pytest.mark.parametrize("contents", [{"one": "1"}, {"one": "2", "two": "2"}, {"one": "1", "other": "2"}])
def test_content_hash_differs_for_different_files(contents: dict[str, str]) -> None:
    assert describe_files(**contents).content_hash != describe_files(one="1", two="2").content_hash
