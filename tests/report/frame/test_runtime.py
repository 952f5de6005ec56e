"""The charts' runtime is bundled once, and always there."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.report.frame import runtime


@pytest.fixture
def bundled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The versions that something was bundled for; the bundle is short and has what must not stand within HTML."""
    versions: list[str] = []

    def bundle(_snippet: None, *, vl_version: str) -> str:
        versions.append(vl_version)
        return "let vega = '</script><!--'; // 你好"

    monkeypatch.setattr(runtime.vl_convert, "javascript_bundle", bundle)
    return versions


def test_real_bundle_defines_the_embedding() -> None:
    script = runtime.bundle_runtime()
    assert "vegaEmbed" in script
    assert "</script" not in script


def test_runtime_is_bundled_once(bundled: list[str], tmp_path: Path) -> None:
    first = runtime.load_runtime(tmp_path)
    assert first == "let vega = '<\\/script><\\!--'; // 你好"
    assert runtime.load_runtime(tmp_path) == first
    assert bundled == [runtime.VEGA_LITE]


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_text("let ve")], ids=["deleted", "cut short"])
def test_damaged_runtime_is_bundled_again(damage: Callable[[Path], object], bundled: list[str], tmp_path: Path) -> None:
    first = runtime.load_runtime(tmp_path)
    (script,) = tmp_path.glob("runtime/*/runtime.js")
    damage(script)
    assert runtime.load_runtime(tmp_path) == first
    assert len(bundled) == 2


def test_other_library_has_its_own(bundled: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime.load_runtime(tmp_path)
    monkeypatch.setattr(runtime, "library_versions", lambda name: {name: "0.0.1"})
    runtime.load_runtime(tmp_path)
    assert len(bundled) == 2


def test_runtime_is_there_when_nothing_can_be_written(bundled: list[str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert runtime.load_runtime(tmp_path / "file") == runtime.load_runtime(tmp_path / "file")
    assert len(bundled) == 2
