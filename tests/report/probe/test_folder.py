"""The folder of a probe: its files, all or none of them, and what Prefect shows of it."""

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tasks.probe.facts import Probe
from tasks.report import task
from tasks.report.probe import folder
from tasks.report.probe.folder import write_probe

BuildProbe = Callable[..., Probe]


def test_folder_has_the_files_of_the_contract(build_probe: BuildProbe, tmp_path: Path) -> None:
    probe = build_probe("quick")
    folder = write_probe(tmp_path, probe, '{"profile": "quick"}')
    assert folder == tmp_path / "probe" / probe.run.id
    names = {"probe.json", "probe.csv", "summary.md", "report.html", "config.json", "SHA256SUMS"}
    assert {path.name for path in folder.iterdir()} == names
    assert Probe.read(folder / "probe.json") == probe
    with (folder / "probe.csv").open() as file:
        assert len(list(csv.DictReader(file))) == len(probe.cells)
    assert (tmp_path / "probe" / "latest").resolve() == folder


def fail_to_render(_probe: Probe) -> NoReturn:
    raise OSError(28, "No space left on device")


def test_write_that_fails_leaves_nothing(
    build_probe: BuildProbe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "render_probe_page", fail_to_render)
    with pytest.raises(OSError, match="No space left"):
        write_probe(tmp_path, build_probe("quick"), "{}")
    assert not list((tmp_path / "probe").iterdir())


@pytest.mark.parametrize("failed", [[], ["recall-plain-5, lstm: " + "no memory " * 20] * 1_000])
def test_artifacts_are_small_and_plain_and_have_keys_that_prefect_takes(
    failed: list[str], build_probe: BuildProbe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: dict[str, dict[str, Any]] = {}
    for name in ("create_table_artifact", "create_markdown_artifact", "create_link_artifact"):
        monkeypatch.setattr(task, name, lambda *, key, **content: made.update({key: content}))
    task.publish_probe(build_probe(failed=failed), tmp_path)
    assert set(made) == {"probe", "probe-summary", "probe-report"}
    assert all(re.fullmatch("[a-z0-9-]+", key) for key in made)
    assert json.loads(json.dumps(made["probe"]["table"])) == made["probe"]["table"]
    assert made["probe"]["table"][0]["plain"] == "380 of 380"
    assert len(made["probe-summary"]["markdown"].encode()) < 100_000
    assert made["probe-report"]["link"] == (tmp_path / "report.html").as_uri()
