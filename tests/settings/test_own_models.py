"""Models of one's own in the settings of a run: in TOML, as JSON, by name, and refused in one line."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from tasks.cli.parsing import parse_command_line
from tasks.encode.facts import EncodingChoice, TextFacts
from tasks.errors import UserError
from tasks.settings.run import RunConfig

MY_LSTM = """
[variants.my-lstm]
base = "lstm"
units = 64
learning-rate = 0.01
encoding.length = 400
"""
MY_SVM = """
[baselines.my-svm]
base = "nb-svm"
inverse_penalty = 0.5
"""
# Of texts that are not to be split into words as the variants of the table do.
CHOICE = EncodingChoice(
    wanted="auto",
    kind="unicode-words",
    reason="",
    on_characters=False,
    texts=TextFacts(
        num_texts=9,
        num_characters=99,
        spaces_per_character=0,
        scripts={},
        without_spaces=1,
        unknown_words=1,
        unknown_unicode_words=0,
    ),
)
WORD_BASELINES = ["majority", "tfidf-linear", "nb-svm"]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("BAKEOFF_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def parse(tmp_path: Path) -> Any:
    def parse_file(text: str, *arguments: str) -> RunConfig:
        path = tmp_path / "bakeoff.toml"
        path.write_text(text)
        return parse_command_line([f"--config={path}", *arguments], RunConfig, program="bakeoff train")

    return parse_file


def test_file_defines_models_that_are_trained(parse: Any) -> None:
    config = parse("epochs = 3" + MY_LSTM + MY_SVM)
    assert config.epochs == 3
    (row,) = config.chosen_variants
    assert (row.name, row.options, row.learning_rate) == ("my-lstm", {"units": 64}, 0.01)
    assert config.choose_encoding(row, None).name == "words-10k-400"
    assert config.choose_baselines(None) == [*WORD_BASELINES, "my-svm"]
    assert config.baseline_table["my-svm"].inverse_penalty == 0.5


@pytest.mark.parametrize(
    ("arguments", "variants", "baselines"),
    [
        (["--variants=lstm"], ["lstm"], [*WORD_BASELINES, "my-svm"]),
        (["--variants=my-lstm,lstm"], ["lstm", "my-lstm"], [*WORD_BASELINES, "my-svm"]),
        (["--variants=own"], ["my-lstm"], [*WORD_BASELINES, "my-svm"]),
        (["--baselines=none"], ["my-lstm"], []),
        (["--baselines=my-svm"], ["my-lstm"], ["my-svm"]),
        (["--candidate=my-svm"], ["my-lstm"], [*WORD_BASELINES, "my-svm"]),
    ],
)
def test_names_on_the_command_line_take_precedence(
    parse: Any, arguments: list[str], variants: list[str], baselines: list[str]
) -> None:
    config = parse(MY_LSTM + MY_SVM, *arguments)
    assert config.variant_names == variants
    assert config.choose_baselines(None) == baselines


def test_file_may_name_other_models_as_well(parse: Any) -> None:
    config = parse('[variants]\nnames = "my-lstm,flatten"\n' + MY_LSTM + '[baselines]\nnames = ["my-svm"]\n' + MY_SVM)
    assert config.variant_names == ["flatten", "my-lstm"]
    assert config.choose_baselines(None) == ["my-svm"]


def test_definitions_are_json_on_the_command_line_and_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    definition = json.dumps({"my-lstm": {"base": "lstm", "units": 8}})
    config = parse_command_line(["--own-variants", definition], RunConfig, program="bakeoff train")
    assert config.chosen_variants[0].options == {"units": 8}
    monkeypatch.setenv("BAKEOFF_OWN_VARIANTS", definition)
    assert RunConfig().variant_names == ["my-lstm"]


def test_config_with_models_of_ones_own_survives_json(parse: Any) -> None:
    """As Prefect writes flow parameters and reads them back, and as config.json keeps them."""
    config = parse(MY_LSTM + MY_SVM)
    assert RunConfig(**json.loads(config.model_dump_json())) == config
    written = config.model_dump(mode="json")
    assert written["own_baselines"] == {"my-svm": {"base": "nb-svm", "inverse_penalty": 0.5}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[variants.my-lstm]\nbase = "ltsm"', "[variants.my-lstm]: unknown base 'ltsm'; expected one of flatten, "),
        ("[variants.my-lstm]\nunits = 3", "variants.my-lstm.base is missing; expected the variant to start from."),
        (MY_LSTM + "unit = 3", "[variants.my-lstm]: lstm has no field 'unit'; expected one of base, "),
        (MY_LSTM + "dropout = 1", "variants.my-lstm.dropout: input should be less than 1, got 1."),
        (
            MY_LSTM + "encoding.len = 3",
            "variants.my-lstm.encoding: unknown setting 'len'; expected one of name, kind, ",
        ),
        (MY_LSTM + 'quantize = "int4"', "variants.my-lstm.quantize: input should be 'int8' or 'none', got 'int4'."),
        ("[variants]\nmine = 3", "variants.mine: expected a table of fields, got 3."),
        ('[variants.lstm]\nbase = "lstm"', "[variants.lstm]: the name 'lstm' is taken; expected another one, such as "),
        ('[variants.seed]\nbase = "lstm"', "[variants.seed]: the name 'seed' is taken"),
        ('[variants.auto]\nbase = "lstm"', "[variants.auto]: the name 'auto' is taken"),
        ('[variants.ensemble]\nbase = "lstm"', "[variants.ensemble]: the name 'ensemble' is taken"),
        ('[variants.My_LSTM]\nbase = "lstm"', "[variants.My_LSTM]: 'My_LSTM' cannot be a model's name; expected "),
        (f'[variants.{"a" * 61}]\nbase = "lstm"', f"[variants.{'a' * 61}]: '{'a' * 61}' cannot be a model's name"),
        ('[variants."../x"]\nbase = "lstm"', "[variants.../x]: '../x' cannot be a model's name"),
        (MY_SVM + "C = 1", "baselines.my-svm: unknown setting 'C'; expected one of base, description, weighting, "),
        (MY_SVM + "max-order = 0", "baselines.my-svm.max_order: input should be greater than or equal to 1, got 0."),
        ('[baselines.b]\nbase = "nbsvm"', "[baselines.b]: unknown base 'nbsvm'; expected one of majority, "),
        ('[variants.b]\nbase = "lstm"\n[baselines.b]\nbase = "nb-svm"', "[baselines.b]: the name is that of a variant"),
        ('variants = "own"', "--variants: the group own is empty; expected a table [variants.NAME] in the file "),
        ("[variants]\nnames = 'my-gru'" + MY_LSTM, "--variants: unknown variant 'my-gru'; expected some of my-lstm, "),
        ("candidate = 'my-svm'" + MY_LSTM, "--candidate: unknown model 'my-svm'; expected some of "),
        ("own_variants = 3", "--own-variants: expected a table of fields, got 3."),
    ],
)
def test_definition_that_cannot_be_used_is_refused_in_one_line(parse: Any, text: str, message: str) -> None:
    with pytest.raises(UserError, match=f"^{re.escape(message)}") as caught:
        parse(text)
    assert "\n" not in str(caught.value)


def test_variant_of_ones_own_follows_the_texts_unless_it_names_a_kind(parse: Any) -> None:
    text = MY_LSTM + '[variants.mine]\nbase = "lstm"\nencoding.kind = "words"\n'
    config = parse(text, "--encoding=auto")
    names = {row.name: config.choose_encoding(row, CHOICE).name for row in config.chosen_variants}
    assert names == {"my-lstm": "unicode-words-10k-400", "mine": "words-10k-120"}


def test_help_lists_the_fields(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_command_line(["--help"], RunConfig, program="bakeoff train")
    shown = capsys.readouterr().out
    for part in ("table [variants.NAME]", "embedding_dropout", "units 32: simple-rnn, lstm", "[baselines.NAME]"):
        assert part in shown
