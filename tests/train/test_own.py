"""Variants of one's own: made from those of the table by their fields, or brought by installed packages."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tasks.encode.encodings import ENCODINGS
from tasks.errors import UserError
from tasks.store.fingerprint import fingerprint
from tasks.store.outputs import FileRecord, Manifest
from tasks.train.effort import estimate_effort
from tasks.train.identity import decide_model
from tasks.train.own import OwnVariant, derive_variant, list_options, list_variants
from tasks.train.settings import FitSettings
from tasks.train.tuning import list_variant_space
from tasks.train.variants import OWN_GROUP, VARIANTS, Variant, expand_names

PACKAGE = """
from tasks.train.variants import Variant

def last_words(layers, *, units=4):
    return [layers.Cropping1D((100, 0)), double, layers.Flatten()]

def double(words):
    return 2 * words

LAST_WORDS = Variant("last-words", "any", "words-10k-120", last_words, 162_013, "the last twenty words")
"""


def derive(name: str = "my-own", **fields: Any) -> Variant:
    return derive_variant(name, OwnVariant(**fields))


def identify(row: Variant) -> str:
    """The fingerprint of a model that the variant makes of some sequences."""
    names = ("tokenizer.json", "train.parquet", "validation.parquet")
    sequences: Manifest = Manifest(
        kind="encoding",
        name="any",
        fingerprint="f",
        folder="f",
        decided_by={"encoding": {"length": 120}},
        facts={},
        files={name: FileRecord(sha256=name, num_bytes=1) for name in names},
        created="today",
    )
    settings = FitSettings(epochs=1, patience=1, batch_size=8, learning_rate=0.1, seed=1)
    return fingerprint(decide_model(row, settings, sequences, num_classes=2))


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Install a package with one module that brings variants: names and what they lead to."""

    def write(code: str = PACKAGE, **entries: str) -> None:
        (tmp_path / "my_package.py").write_text(code)
        folder = tmp_path / "my_package-1.0.dist-info"
        folder.mkdir(exist_ok=True)
        (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.0\n")
        lines = [f"{name.replace('_', '-')} = {target}" for name, target in entries.items()]
        (folder / "entry_points.txt").write_text("\n".join(["[sequence_bakeoff.variants]", *lines]))
        importlib.invalidate_caches()
        list_variants.cache_clear()

    monkeypatch.syspath_prepend(tmp_path)
    yield write
    sys.modules.pop("my_package", None)
    list_variants.cache_clear()


def test_fields_that_are_given_change_and_the_others_are_those_of_the_base() -> None:
    row = derive(base="conv-max", filters=64, dropout=0.3, batch_size=16, learning_rate=0.01)
    base = VARIANTS["conv-max"]
    assert (row.name, row.group, row.body, row.hidden) == ("my-own", OWN_GROUP, base.body, base.hidden)
    assert (row.options, row.dropout, row.batch_size, row.learning_rate) == ({"filters": 64}, 0.3, 16, 0.01)
    assert row.own_encoding == base.own_encoding


def test_description_lists_the_changes_unless_it_is_given() -> None:
    assert (
        derive(base="lstm", units=64, encoding={"length": 400}).description == "lstm with encoding length 400, units 64"
    )
    assert derive(base="lstm").description == "lstm under another name"
    assert derive(base="lstm", description="mine").description == "mine"


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ({"length": 400}, ("words-10k-400", False)),
        ({"vocab-size": 1_000}, ("words-1k-120", False)),
        ("subwords-8k-120", ("subwords-8k-120", True)),
        ({"kind": "characters"}, ("characters-10k-480", True)),
        ({"name": "words-20k-400", "length": 200}, ("words-20k-200-post", True)),
    ],
)
def test_encoding_is_changed_and_keeps_its_kind_if_that_is_named(encoding: Any, expected: tuple[str, bool]) -> None:
    row = derive(base="lstm", encoding=encoding)
    assert (row.own_encoding.name, row.keeps_kind) == expected


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"base": "ltsm"}, "unknown base 'ltsm'; expected one of flatten, .* Did you mean 'lstm'"),
        (
            {"base": "lstm", "unit": 3},
            "lstm has no field 'unit'; expected one of base, .*, units. Did you mean 'units'",
        ),
        ({"base": "lstm", "filters": 3}, "lstm has no field 'filters'"),
        ({"base": "lstm", "body": "x"}, "lstm has no field 'body'"),
        ({"base": "lstm", "units": 0}, "units is 0; expected a whole number from 1 to 65,536"),
        ({"base": "lstm", "units": 1.5}, "units is 1.5; expected a whole number"),
        ({"base": "lstm", "units": True}, "units is True; expected a whole number"),
        ({"base": "lstm", "units": "64"}, "units is '64'; expected a whole number"),
        (
            {"base": "lstm", "encoding": "word-10k-120"},
            "unknown encoding 'word-10k-120'; .* Did you mean 'words-10k-120'",
        ),
        ({"base": "onehot-conv", "embedding_dim": 16}, "embedding_dim of onehot-conv cannot be changed"),
    ],
)
def test_what_the_base_lacks_is_refused_in_one_line(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        derive(**fields)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("embedding_dim", 0),
        ("hidden", -1),
        ("dropout", 1.0),
        ("embedding_dropout", -0.1),
        ("batch_size", 0),
        ("learning_rate", 0.0),
        ("optimizer", "sgd"),
        ("quantize", "int4"),
        ("encoding", {"length": 9}),
        ("encoding", {"vocab_size": 299}),
        ("encoding", {"padding": "left"}),
        ("description", ""),
    ],
)
def test_value_out_of_bounds_is_refused(field: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        OwnVariant(base="lstm", **{field: value})


def test_only_what_was_given_is_written_so_that_it_can_be_read_again() -> None:
    own = OwnVariant.model_validate({"base": "lstm", "learning-rate": 0.01, "encoding": "words-1k-120", "units": 8})
    written = {"base": "lstm", "learning_rate": 0.01, "encoding": {"name": "words-1k-120"}, "units": 8}
    assert own.given() == written
    assert OwnVariant.model_validate_json(own.model_dump_json()) == own
    assert derive_variant("mine", own).definition == written


@pytest.mark.parametrize("name", VARIANTS)
def test_variant_without_changes_makes_the_model_of_its_base(name: str) -> None:
    usual = list_options(VARIANTS[name])
    assert identify(derive(base=name, **usual)) == identify(VARIANTS[name])


@pytest.mark.parametrize(
    "fields",
    [
        {"units": 8},
        {"dropout": 0.1},
        {"embedding_dropout": 0.1},
        {"embedding_dim": 8},
        {"hidden": 0},
        {"mask": True},
        {"optimizer": "adagrad"},
        {"quantize": "int8"},
        {"vectors": "frozen"},
    ],
)
def test_every_field_that_changes_the_model_changes_its_fingerprint(fields: dict[str, Any]) -> None:
    assert identify(derive(base="lstm", **fields)) != identify(VARIANTS["lstm"])


def test_quantization_of_the_base_can_be_turned_off() -> None:
    assert derive(base="onehot-conv", quantize="none").quantize is None


def test_longer_texts_take_more_effort() -> None:
    assert estimate_effort(derive(base="lstm", encoding={"length": 240})) == 2 * estimate_effort(VARIANTS["lstm"])
    assert estimate_effort(derive(base="lstm", encoding={"vocab_size": 300})) == estimate_effort(VARIANTS["lstm"])


@pytest.mark.parametrize("base", ["lstm", "vectors-conv-max"])
def test_width_of_a_file_of_vectors_is_not_a_variants_own(base: str) -> None:
    row = derive(base=base, vectors="frozen")
    assert row.fixed == ("embedding_dim",)
    assert "embedding_dim" not in list_variant_space(row)
    with pytest.raises(
        ValueError, match=r"embedding_dim cannot be combined with vectors, whose file decides it\. Leave"
    ):
        derive(base=base, vectors="frozen", embedding_dim=50)


def test_vectors_are_refused_where_layers_or_tokens_need_others() -> None:
    with pytest.raises(ValueError, match=r"onehot-conv cannot have vectors, because its layers need others\. Choose"):
        derive(base="onehot-conv", vectors="frozen")
    with pytest.raises(
        ValueError, match=r"vectors are of words, and its encoding has subwords; expected .*unicode-words"
    ):
        derive(base="lstm", vectors="frozen", encoding={"kind": "subwords"})
    with pytest.raises(ValueError, match="vectors are of words, and its encoding has subwords"):
        derive(base="stacked-bilstm", vectors="fine-tuned")


def test_word_vectors_count_as_parameters_unless_they_are_frozen() -> None:
    lstm = VARIANTS["lstm"]
    frozen, tuned = (derive(base="lstm", vectors=what) for what in ("frozen", "fine-tuned"))
    assert (frozen.num_params, tuned.num_params) == (lstm.num_params - 160_000, lstm.num_params)
    assert (frozen.widen(50).num_params, tuned.widen(50).num_params) == (frozen.num_params, lstm.num_params + 340_000)
    assert len({estimate_effort(row) for row in (lstm, frozen, tuned, frozen.widen(50), tuned.widen(50))}) == 1
    assert (
        derive(base="vectors-bilstm", vectors="frozen").num_params == VARIANTS["vectors-bilstm"].num_params - 2_000_000
    )


def test_own_variants_follow_the_table_and_form_a_group() -> None:
    table = {"my-own": derive(base="lstm"), "lstm": VARIANTS["lstm"]}
    assert expand_names(["own"], table) == ["my-own"]
    assert expand_names(["all"], table) == ["my-own", "lstm"]


def test_installed_package_brings_a_variant(install: Any) -> None:
    install(last_words="my_package:LAST_WORDS")
    row = list_variants()["last-words"]
    assert list(list_variants()) == [*VARIANTS, "last-words"]
    assert (row.group, row.own_encoding) == (OWN_GROUP, ENCODINGS["words-10k-120"])
    assert derive(base="last-words", units=8).options == {"units": 8}


def test_installed_package_may_bring_a_variant_with_word_vectors(install: Any) -> None:
    row = 'ROW = Variant("row", "any", "{}", last_words, 9, "a text", vectors="frozen")\n'
    install(PACKAGE + row.format("words-10k-120"), row="my_package:ROW")
    assert list_variants()["row"].fixed == ("embedding_dim",)
    sys.modules.pop("my_package")
    install(PACKAGE + row.format("subwords-8k-120"), row="my_package:ROW")
    with pytest.raises(
        UserError, match="begins with vectors of words, and reads subwords; expected an encoding of the k"
    ):
        list_variants()


def test_change_of_any_function_in_its_module_makes_the_models_of_a_package_again(install: Any) -> None:
    install(last_words="my_package:LAST_WORDS")
    before = identify(list_variants()["last-words"])
    sys.modules.pop("my_package")
    install(PACKAGE.replace("2 * words", "3 * words # other"), last_words="my_package:LAST_WORDS")
    assert identify(list_variants()["last-words"]) != before


def test_two_variants_of_one_module_make_different_models(install: Any) -> None:
    function = "def other(layers):\n    return [layers.Flatten()]\n"
    other = f'\n{function}\nOTHER = Variant("other", "any", "words-10k-120", other, 9, "a text")\n'
    install(PACKAGE + other, last_words="my_package:LAST_WORDS", other="my_package:OTHER")
    rows = list_variants()
    assert identify(rows["last-words"]) != identify(rows["other"])


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"lstm": "my_package:LAST_WORDS"}, "the variant 'lstm' of the package my-package has the name of another"),
        ({"first_words": "my_package:LAST_WORDS"}, "is Variant last-words; expected a Variant .* named 'first-words'"),
        ({"last_words": "my_package:PACKAGE"}, "cannot be loaded: AttributeError: .* uninstall it"),
        ({"last_words": "other_package:ROW"}, "cannot be loaded: ModuleNotFoundError: .* uninstall it"),
        ({"last_words": "my_package:double"}, "is function .*; expected a Variant"),
    ],
)
def test_package_that_brings_no_usable_variant_is_named(install: Any, entries: dict[str, str], message: str) -> None:
    install(**entries)
    with pytest.raises(UserError, match=message) as caught:
        list_variants()
    assert "\n" not in str(caught.value)


def test_variant_of_a_package_with_an_unknown_encoding_is_refused(install: Any) -> None:
    install(PACKAGE.replace("words-10k-120", "words-9k-120"), last_words="my_package:LAST_WORDS")
    with pytest.raises(UserError, match="unknown encoding 'words-9k-120'; expected one of words-10k-120"):
        list_variants()
