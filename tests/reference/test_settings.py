"""The settings reference names every flag of every flow and is as the models say."""

import re
from pathlib import Path
from typing import Annotated, Any

import pytest
from markdown_it import MarkdownIt
from pydantic import Field

from tasks.baseline.own import OwnBaseline
from tasks.cli.commands import COMMANDS, Command
from tasks.cli.parsing import parse_command_line
from tasks.reference.fields import describe_bounds
from tasks.reference.settings import PAGE, render_default, render_settings
from tasks.settings.base import FlowConfig
from tasks.store.layout import CHECKOUT, DATA
from tasks.train.own import OwnVariant, list_options
from tasks.train.variants import VARIANTS


class ExampleConfig(FlowConfig):
    """Do something."""

    some_number: int = Field(default=3, ge=1, le=2_000, description="how many")
    share: Annotated[float, Field(lt=1)] = Field(default=0.5, description="a share")
    limit: int | None = Field(default=None, ge=10, description="at most this many [all]")
    loud: bool = Field(default=True, description="say much")
    what: str = Field(default="", description="a | b, or <c>")


EXAMPLE = Command(
    "example", "flows.example", "do something", settings=f"{__name__}:ExampleConfig", check=f"{__name__}:ExampleConfig"
)


def read_rows(page: str) -> list[list[str]]:
    """The cells of all tables, as a browser shows them."""
    html = MarkdownIt("commonmark").enable("table").render(page)
    rows = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    return [re.findall(r"<td>(.*?)</td>", row, re.DOTALL) for row in rows if "<td>" in row]


def test_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == render_settings(), "run `make docs`"


def test_every_flow_with_settings_has_its_section() -> None:
    launched = {f"flows.{path.stem}" for path in (CHECKOUT / "flows").glob("*.py") if "run_script(" in path.read_text()}
    assert {command.flow for command in COMMANDS.values()} == launched
    assert {line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("## `")} == {
        f"## `bakeoff {command.name}`, `{command.script}`" for command in COMMANDS.values()
    }


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
def test_every_flag_of_help_has_its_row(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    """The help comes from the parser itself."""
    with pytest.raises(SystemExit):
        parse_command_line(["--help"], command.load_settings(), program=command.script)
    shown = capsys.readouterr().out
    assert shown.startswith("usage: ")
    flags = {flag for flag in re.findall(r"--[a-z-]+", shown.partition("options:")[0]) if flag != "--help"}
    section = PAGE.read_text(encoding="utf-8").partition(command.script)[2].partition("\n## ")[0]
    assert set(re.findall(r"`(--[a-z-]+)`", section.partition("|---")[2])) >= flags


def test_row_gives_flag_variable_default_and_meaning() -> None:
    page = render_settings({"example": EXAMPLE}).partition("\n## Models of your own\n")[0]
    assert read_rows(page) == [
        ["<code>--some-number</code>", "<code>BAKEOFF_SOME_NUMBER</code>", "<code>3</code>",
         "how many (at least 1, at most 2,000)"],
        ["<code>--share</code>", "<code>BAKEOFF_SHARE</code>", "<code>0.5</code>", "a share (below 1)"],
        ["<code>--limit</code>", "<code>BAKEOFF_LIMIT</code>", "all", "at most this many (at least 10)"],
        ["<code>--loud</code>, <code>--no-loud</code>", "<code>BAKEOFF_LOUD</code>", "on", "say much"],
        ["<code>--what</code>", "<code>BAKEOFF_WHAT</code>", "empty", "a | b, or &lt;c&gt;"],
    ]  # fmt: skip


def test_page_names_no_folder_of_this_machine() -> None:
    assert str(CHECKOUT) not in render_settings()
    assert str(Path.home()) not in render_settings()


@pytest.mark.parametrize(
    ("value", "expected"),
    [(DATA, "`data`"), (Path("/other"), "`/other`"), (("a", "b"), "`a,b`"), (False, "off"), (0.5, "`0.5`")],
)
def test_defaults_are_written_as_they_are_typed(value: Any, expected: str) -> None:
    assert render_default(value) == expected


def test_page_names_every_field_of_models_of_ones_own_and_every_size_of_layers() -> None:
    section = PAGE.read_text(encoding="utf-8").partition("\n## Models of your own\n")[2]
    for field in (*OwnVariant.model_fields, *OwnBaseline.model_fields):
        assert f"| `{field}` | " in section
    for row in VARIANTS.values():
        assert all(f"{name} {size}" in section for name, size in list_options(row).items())


def test_setting_without_bounds_has_none() -> None:
    assert describe_bounds({"type": "string"}) == ""
