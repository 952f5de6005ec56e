"""The table of variants: names, groups, and that a new row is all that a new variant needs."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.encode.encodings import ENCODINGS
from tasks.train import variants
from tasks.train.variants import GROUPS, VARIANTS, Variant, expand_names, flatten

NEW_ROW = """
_ROWS: Final = (
    Variant("two-words", SEED_GROUP, WORDS, flatten, 171_533, "a row that a test has added"),"""
SHOW_NEW_ROW = """
import json
from tasks.cli.parsing import parse_command_line
from tasks.settings.model_names import describe_tables
from tasks.settings.run import RunConfig
from tasks.train.variants import expand_names
print(json.dumps({
    "seed": expand_names(["seed"]),
    "chosen": parse_command_line(["--variants=two-words"], RunConfig, program="bakeoff").variant_names,
    "in help": "two-words" in describe_tables(),
    "in form": "two-words" in RunConfig.model_json_schema()["properties"]["variants"]["items"]["enum"],
}))
"""


@pytest.mark.parametrize("name", VARIANTS)
def test_name_is_a_key_that_prefect_accepts(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)


@pytest.mark.parametrize("row", VARIANTS.values(), ids=VARIANTS.keys())
def test_row_refers_to_a_known_group_and_encoding(row: Variant) -> None:
    assert row.group in GROUPS
    assert row.encoding in ENCODINGS


def test_names_are_unique_and_no_group_has_the_name_of_a_variant() -> None:
    names = [row.name for row in variants._ROWS] + [*GROUPS, "all"]
    assert len(set(names)) == len(names)


def test_names_are_expanded_in_the_order_of_the_table() -> None:
    assert expand_names(["bilstm", "flatten", "bilstm"]) == ["flatten", "bilstm"]


def test_groups_together_are_all_variants() -> None:
    assert expand_names(list(GROUPS)) == expand_names(["all"]) == list(VARIANTS)


def test_added_row_belongs_to_its_group(monkeypatch: pytest.MonkeyPatch) -> None:
    row = Variant("two-words", "seed", "words-10k-120", flatten, 171_533, "a row that a test has added")
    monkeypatch.setattr(variants, "_ROWS", (*variants._ROWS, row))
    assert expand_names(["seed"])[-1] == "two-words"


def test_new_variant_needs_only_its_row(code_copy: Path, run_copy: Callable[[str], str]) -> None:
    table = code_copy / "tasks" / "train" / "variants.py"
    before = table.read_text()
    table.write_text(before.replace("\n_ROWS: Final = (", NEW_ROW))
    assert table.read_text() != before
    seed = ", ".join(f'"{name}"' for name in ["two-words", *expand_names(["seed"])])
    expected = f'{{"seed": [{seed}], "chosen": ["two-words"], "in help": true, "in form": true}}\n'
    assert run_copy(SHOW_NEW_ROW) == expected
