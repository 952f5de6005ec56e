"""The files that contributors rely on agree with each other: hooks, Makefile, version, changelog, links."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
CONTRIBUTING = ROOT / ".github" / "CONTRIBUTING.md"
CHANGELOG = ROOT / ".github" / "CHANGELOG.md"


def read_hooks() -> list[dict[str, Any]]:
    content = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repository["repo"] for repository in content["repos"]] == ["local"]
    hooks: list[dict[str, Any]] = content["repos"][0]["hooks"]
    return hooks


def read_target(name: str) -> list[str]:
    """The commands of a target of the Makefile."""
    recipe = re.search(rf"^{name}:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert recipe
    return [line.strip().replace("$(BIN)", ".venv/bin") for line in recipe[1].splitlines()]


def test_hooks_before_a_commit_run_what_make_check_runs() -> None:
    assert [hook["entry"] for hook in read_hooks()] == read_target("check")


def test_hooks_use_the_environment_and_look_at_everything() -> None:
    for hook in read_hooks():
        assert (hook["language"], hook["pass_filenames"], hook["always_run"]) == ("system", False, True)


def test_version_is_the_newest_of_the_changelog() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    headings = re.findall(r"^## (\S+)", CHANGELOG.read_text(encoding="utf-8"), re.MULTILINE)
    assert next(heading for heading in headings if heading != "Unreleased") == version


@pytest.mark.parametrize("page", [CONTRIBUTING, CHANGELOG], ids=lambda page: page.name)
def test_links_and_paths_of_a_page_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = [page.parent / link for link in re.findall(r"\]\(([^)#:]+)\)", text)]
    paths = [ROOT / path for path in re.findall(r"`((?:tasks|flows|tests|\.github)/[\w./-]+)`", text)]
    assert [str(path) for path in [*links, *paths] if not path.exists()] == []
