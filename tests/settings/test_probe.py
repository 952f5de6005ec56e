"""ProbeConfig: what it refuses, and which cells it stands for."""

import os

import pytest

from tasks.cli.parsing import parse_command_line
from tasks.errors import UserError
from tasks.probe.plan import plan_cells
from tasks.settings.probe import ProbeConfig


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("BAKEOFF_")]:
        monkeypatch.delenv(name)


def parse(*arguments: str) -> ProbeConfig:
    return parse_command_line(arguments, ProbeConfig, program="probe")


def test_default_is_the_quick_profile() -> None:
    assert parse().cells == plan_cells("quick")
    assert parse().num_epochs == 8


def test_flags_choose_a_part_of_a_profile() -> None:
    config = parse("--profile=full", "--tasks=order,plain", "--distances=5,110", "--models=lstm", "--seeds=1")
    assert config.cells == plan_cells(
        "full", recall_tasks=["order", "plain"], distances=[5, 110], models=["lstm"], seeds=1
    )


def test_shards_share_the_cells_out() -> None:
    first, second = parse("--shard=1/2"), parse("--shard=2/2")
    assert sorted(first.cells + second.cells) == sorted(parse().cells)
    assert first.all_cells == parse().cells


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--profile=fast", "--profile"),
        ("--tasks=ordr", "did you mean 'order'|Did you mean 'order'"),
        ("--models=lstn", "Did you mean 'lstm'"),
        ("--distances=12", "--distances: unknown distance 12; expected some of 5, 10, 20"),
        ("--distances=near", "--distances"),
        (
            "--shard=3/2",
            "--shard: '3/2' does not name a part; expected its number and the number of parts, such as 1/2",
        ),
        ("--shard=0/2", "'0/2' does not name a part"),
        ("--shard=half", "'half' does not name a part"),
        ("--profile=quick --tasks=decoys", "nothing to train"),
        ("--shards=1/2", "Did you mean '--shard'"),
    ],
)
def test_bad_usage_is_one_line_with_a_remedy(argument: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as error:
        parse(*argument.split())
    assert "\n" not in str(error.value)
