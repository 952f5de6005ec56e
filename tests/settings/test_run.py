"""RunConfig: its defaults, its bounds, and the forms that it can be written in."""

import json
import os
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tasks.baseline.memory import USUAL_MEMORY
from tasks.encode.encodings import ENCODINGS, Kind
from tasks.encode.facts import EncodingChoice, TextFacts
from tasks.errors import UserError
from tasks.ingest.facts import ReviewsFacts
from tasks.ingest.files.options import SET_BY_SCORING
from tasks.objective.facts import Aims, Objective
from tasks.settings import model_names
from tasks.settings.base import check_environment, describe_errors
from tasks.settings.model_names import describe_tables
from tasks.settings.run import RunConfig
from tasks.store.layout import CHECKOUT
from tasks.train.variants import GROUPS, VARIANTS, expand_names

SEED_NAMES = [
    "flatten",
    "average-pool",
    "simple-rnn",
    "lstm",
    "bilstm",
    "bilstm-small",
    "bigru",
    "stacked-bilstm",
    "conv-max",
    "conv-average",
]
LONG_NAMES = ["long-average-pool", "long-lstm", "long-bilstm", "long-bigru", "long-conv-max"]
MORE_NAMES = ["gru", "chrono-lstm", "attention"]
CONTENDER_NAMES = ["onehot-conv", "region-conv"]
VECTOR_NAMES = ["vectors-average-pool", "vectors-conv-max", "vectors-bilstm"]
ENCODER_NAMES = ["encoder-frozen", "encoder-fine-tuned"]
PRETRAINED_NAMES = [*VECTOR_NAMES, *ENCODER_NAMES]
STUDENT_NAMES = ["onehot-conv-student", "distilled", "region-conv-unlabelled"]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("BAKEOFF_")]:
        monkeypatch.delenv(name)


def write_config(folder: Path, text: str) -> Path:
    path = folder / "bakeoff.toml"
    path.write_text(text)
    return path


def test_defaults_are_those_of_the_contract() -> None:
    config = RunConfig()
    assert config.dataset == "auto"
    assert config.variant_names == SEED_NAMES
    assert (config.seeds, config.epochs, config.validation_fraction) == (1, 10, 0.1)
    assert config.batch_size is None
    assert config.limit is None
    assert config.config is None


def test_default_folders_lie_beside_flows_wherever_it_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = RunConfig()
    assert (CHECKOUT / "flows" / "train_all.py").is_file()
    assert (config.data_dir, config.artifacts_dir) == (CHECKOUT / "data", CHECKOUT / "artifacts")


@pytest.mark.parametrize("name", RunConfig.model_fields)
def test_every_setting_is_described(name: str) -> None:
    assert len(RunConfig.model_fields[name].description or "") > 10


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dataset", ""),
        ("variants", ""),
        ("variants", []),
        ("seeds", 0),
        ("seeds", 101),
        ("epochs", 0),
        ("epochs", 2.5),
        ("patience", 0),
        ("batch_size", 0),
        ("batch_size", 65_537),
        ("limit", 9),
        ("validation_fraction", 0.0),
        ("validation_fraction", 0.6),
        ("validation_fraction", float("nan")),
        ("label_column", ""),
        ("delimiter", ""),
        ("delimiter", ",,"),
        ("delimiter", '"'),
        ("delimiter", "\n"),
        ("quoting", "all"),
        ("charset", "utf-9"),
        ("charset", "rot13"),
        ("line_pattern", "(?P<text>.+"),
        ("line_pattern", "(.+)"),
        ("max_dropped_share", -0.1),
        ("max_dropped_share", 1.0),
        ("gate_margin", -0.1),
        ("gate_margin", 100.1),
        ("gate_margin", float("nan")),
        ("gate_slice_margin", -1),
        ("clean_older_than", "30 days"),
        ("clean_older_than", "-1d"),
        ("disk_budget", "20"),
        ("disk_budget", "-1GB"),
        ("disk_budget", "1 GiB"),
        ("gate_slice_margin", float("inf")),
        ("promote", "perhaps"),
    ],
)
def test_value_out_of_bounds_is_refused_by_the_name_of_its_flag(name: str, value: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        RunConfig(**{name: value})
    message = describe_errors(caught.value, RunConfig)
    assert message.startswith(f"--{name.replace('_', '-')}: ")
    assert "\n" not in message


@pytest.mark.parametrize(
    ("name", "value"), [("seeds", 100), ("epochs", 1), ("batch_size", 1), ("limit", 10), ("validation_fraction", 0.5)]
)
def test_value_at_its_bound_is_accepted(name: str, value: Any) -> None:
    assert getattr(RunConfig(**{name: value}), name) == value


def test_config_cannot_be_changed() -> None:
    config = RunConfig()
    with pytest.raises(ValidationError, match="frozen"):
        config.epochs = 3


def test_unknown_setting_is_refused_with_a_suggestion() -> None:
    with pytest.raises(ValidationError) as caught:
        RunConfig(epoch=3)  # type: ignore[call-arg]
    message = describe_errors(caught.value, RunConfig)
    assert message.startswith("unknown setting 'epoch'; expected one of ")
    assert message.endswith("Did you mean 'epochs'?")


def test_config_survives_json(tmp_path: Path) -> None:
    """As Prefect writes flow parameters and reads them back."""
    settings = {"variants": "long,lstm", "seeds": 3, "batch_size": 64, "limit": 500, "data_dir": tmp_path}
    config = RunConfig(dataset="sample", **settings)
    content = json.loads(json.dumps(config.model_dump(mode="json")))
    assert RunConfig(**content) == config


def test_settings_read_from_json_outrank_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    content = RunConfig().model_dump(mode="json")
    for name, value in {"LIMIT": "50", "BATCH_SIZE": "8", "EPOCHS": "3", "VARIANTS": "lstm"}.items():
        monkeypatch.setenv(f"BAKEOFF_{name}", value)
    config = RunConfig(**content)
    assert (config.limit, config.batch_size, config.epochs, config.variants) == (None, None, 10, ("auto",))


@pytest.mark.parametrize("name", ["data_dir", "artifacts_dir"])
def test_relative_folder_becomes_absolute(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert getattr(RunConfig(**{name: "some/folder"}), name) == tmp_path / "some" / "folder"


@pytest.mark.parametrize("name", ["test_path", "validation_path"])
def test_relative_path_of_a_split_becomes_absolute(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert getattr(RunConfig(**{name: "some/file.csv"}), name) == tmp_path / "some" / "file.csv"


def test_path_of_a_dataset_becomes_absolute_and_other_names_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert RunConfig(dataset="reviews.csv").dataset == str(tmp_path / "reviews.csv")
    assert RunConfig(dataset="glue/sst2").dataset == "glue/sst2"


def test_dataset_is_named_after_its_file() -> None:
    assert RunConfig(dataset="/some/where/reviews.csv.gz").dataset_name == "reviews"
    assert RunConfig(dataset="glue/sst2").dataset_name == "glue/sst2"


@pytest.mark.parametrize("spelling", ["tab", "\\t", "\t"])
def test_tab_may_be_spelled_out(spelling: str) -> None:
    assert RunConfig(delimiter=spelling).files.delimiter == "\t"


def test_every_setting_of_files_reaches_their_reader() -> None:
    settings = {
        "test_path": Path("/t.csv"),
        "validation_path": Path("/v.csv"),
        "label_column": "topic",
        "columns": ("topic", "story"),
        "delimiter": ";",
        "quoting": "none",
        "charset": "latin-1",
        "line_pattern": "(?P<text>.+)",
        "records_at": "data",
        "table": "films",
        "query": "select 1",
        "max_dropped_share": 0.5,
    }
    files = RunConfig(dataset="/d.csv", text_column=("story",), slice_column=("region",), **settings).files
    several = {"text_columns": ("story",), "slice_columns": ("region",)}
    others = dict(zip(SET_BY_SCORING, (False, (), ()), strict=True))
    assert asdict(files) == {"path": Path("/d.csv"), **several, **settings, **others}


def test_home_folder_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert RunConfig(data_dir=Path("~/data")).data_dir == tmp_path / "data"


@pytest.mark.parametrize(
    ("variants", "names"),
    [
        ("lstm", ["lstm"]),
        ("bilstm,flatten", ["flatten", "bilstm"]),
        ("lstm,lstm", ["lstm"]),
        ("seed", SEED_NAMES),
        ("long", LONG_NAMES),
        ("long,lstm,seed", SEED_NAMES + LONG_NAMES),
        ("all,lstm", SEED_NAMES + LONG_NAMES + MORE_NAMES + CONTENDER_NAMES + STUDENT_NAMES),
        (" lstm , conv-max ,", ["lstm", "conv-max"]),
        (["conv-max", "lstm"], ["lstm", "conv-max"]),
    ],
)
def test_groups_are_expanded_in_the_order_of_the_table_without_repeats(variants: Any, names: list[str]) -> None:
    assert RunConfig(variants=variants).variant_names == names


def test_unknown_variant_is_refused_with_every_choice_and_a_suggestion() -> None:
    with pytest.raises(ValidationError) as caught:
        RunConfig(variants="flatten,ltsm")  # type: ignore[arg-type]
    message = describe_errors(caught.value, RunConfig)
    assert message.startswith("--variants: unknown variant 'ltsm'; expected some of ")
    assert all(name in message for name in [*VARIANTS, *GROUPS, "all"])
    assert message.endswith("Did you mean 'lstm'?")


@pytest.mark.parametrize("size", ["99MB", "lots", "4"])
def test_too_little_memory_is_refused(size: str) -> None:
    with pytest.raises(ValidationError) as caught:
        RunConfig(memory=size)
    message = describe_errors(caught.value, RunConfig)
    assert message.startswith("--memory: ")
    assert "expected" in message


def test_memory_is_in_bytes() -> None:
    assert RunConfig(memory="1.5GB").memory_bytes == 1_500_000_000
    assert RunConfig().memory_bytes == USUAL_MEMORY


def test_unknown_tracker_is_refused_with_a_suggestion() -> None:
    with pytest.raises(ValidationError) as caught:
        RunConfig(track="mlfow")  # type: ignore[arg-type]
    message = describe_errors(caught.value, RunConfig)
    assert message == "--track: unknown tracker 'mlfow'; expected some of mlflow. Did you mean 'mlflow'?"


def test_seeds_are_counted_from_one() -> None:
    assert list(RunConfig(seeds=3).seed_values) == [1, 2, 3]


@pytest.mark.parametrize("key", ["batch-size", "batch_size"])
def test_config_file_may_write_keys_with_dashes(key: str, tmp_path: Path) -> None:
    assert RunConfig(config=write_config(tmp_path, f"{key} = 64")).batch_size == 64


def test_config_file_can_set_everything(tmp_path: Path) -> None:
    text = (
        'dataset = "sample"\nunlabelled-path = "/u.csv"\n'
        'variants = ["lstm", "vectors-bilstm", "encoder-frozen", "distilled"]\n'
        "seeds = 2\nepochs = 3\npatience = 4\nevaluations-per-epoch = 2\nbatch-size = 5\n"
        'baselines = ["majority"]\nstack = true\nkernels = "plain"\ndevice = "cpu"\njobs = 2\n'
        'memory = "2GB"\nencoding = "unicode-words"\n'
        'vectors = "/glove.txt"\nencoder = "/bert"\n'
        'scheduler = "tcp://a:1"\nlength = 300\nvocab-size = 5000\n'
        'limit = 60\nvalidation-fraction = 0.2\ndata-dir = "/d"\nartifacts-dir = "/a"\n'
        'test-path = "/t.csv"\nvalidation-path = "/v.csv"\ntext-column = ["title", "story"]\nlabel-column = "topic"\n'
        'slice-column = ["region", "product"]\nalso-test = ["x=/x.csv"]\n'
        'columns = "topic,title,story"\ndelimiter = "tab"\nquoting = "none"\ncharset = "latin-1"\n'
        "line-pattern = '(?P<text>.+)'\nrecords-at = 'data'\ntable = 'films'\nquery = 'select 1'\n"
        "max-dropped-share = 0.2\nordinal = true\n"
        'track = ["mlflow"]\ntrack-name = "films"\ntrack-seconds = 30\n'
        "tune = 5\ntune-seconds = 60\nfolds = 3\ntune-storage = 'sqlite:///studies.db'\n"
        'class-weight = "balanced"\nmetric = "cost"\ncosts = "/c.toml"\n'
        'promote = false\ncandidate = "lstm"\ngate-margin = 1\ngate-slice-margin = 3.5\nclean-older-than = "12h"\n'
        'disk-budget = "20GB"\n'
    )
    config = RunConfig(config=write_config(tmp_path, text))
    assert config.model_dump(mode="json", exclude={"config", "own_variants", "own_baselines"}) == {
        "dataset": "sample",
        "test_path": "/t.csv",
        "validation_path": "/v.csv",
        "also_test": ["x=/x.csv"],
        "minutes": None,
        "text_column": ["title", "story"],
        "label_column": "topic",
        "slice_column": ["region", "product"],
        "columns": ["topic", "title", "story"],
        "delimiter": "\t",
        "quoting": "none",
        "charset": "latin-1",
        "line_pattern": "(?P<text>.+)",
        "records_at": "data",
        "table": "films",
        "query": "select 1",
        "max_dropped_share": 0.2,
        "ordinal": True,
        "unlabelled_path": "/u.csv",
        "variants": ["lstm", "vectors-bilstm", "encoder-frozen", "distilled"],
        "baselines": ["majority"],
        "encoding": "unicode-words",
        "length": 300,
        "vocab_size": 5_000,
        "vectors": "/glove.txt",
        "encoder": "/bert",
        "stack": True,
        "seeds": 2,
        "class_weight": "balanced",
        "metric": "cost",
        "costs": "/c.toml",
        "epochs": 3,
        "patience": 4,
        "evaluations_per_epoch": 2,
        "batch_size": 5,
        "limit": 60,
        "tune": 5,
        "tune_seconds": 60,
        "folds": 3,
        "tune_storage": "sqlite:///studies.db",
        "track": ["mlflow"],
        "track_name": "films",
        "track_seconds": 30,
        "promote": False,
        "candidate": "lstm",
        "gate_margin": 1.0,
        "gate_slice_margin": 3.5,
        "clean_older_than": "12h",
        "disk_budget": "20GB",
        "validation_fraction": 0.2,
        "kernels": "plain",
        "device": "cpu",
        "jobs": 2,
        "memory": "2GB",
        "scheduler": "tcp://a:1",
        "data_dir": "/d",
        "artifacts_dir": "/a",
    }


@pytest.mark.parametrize("text", ["epochs = ", "epochs: 3", "[epochs"])
def test_config_file_that_is_not_toml_is_a_user_error(text: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not TOML") as caught:
        RunConfig(config=write_config(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_config_file_that_is_not_text_is_a_user_error(tmp_path: Path) -> None:
    path = tmp_path / "bakeoff.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="is not TOML"):
        RunConfig(config=path)


@pytest.mark.parametrize("name", ["absent.toml", "."])
def test_config_file_that_cannot_be_read_is_a_user_error(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        RunConfig(config=tmp_path / name)


def test_misspelt_variable_is_refused_with_a_suggestion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKEOFF_EPOC", "3")
    with pytest.raises(UserError, match=r"unknown environment variable BAKEOFF_EPOC; .* Did you mean 'BAKEOFF_EPOCHS'"):
        check_environment(RunConfig)


def test_known_variables_are_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in RunConfig.model_fields:
        monkeypatch.setenv(f"BAKEOFF_{name.upper()}", "1")
    check_environment(RunConfig)


@pytest.mark.parametrize("name", [*VARIANTS, *GROUPS, *ENCODINGS, "all"])
def test_tables_describe_every_variant_group_and_encoding(name: str) -> None:
    (line,) = [line for line in describe_tables().splitlines() if line.split()[:1] == [name]]
    assert len(line.split(maxsplit=1)[1]) > 5


def test_form_in_the_ui_offers_every_variant_and_group() -> None:
    schema = RunConfig.model_json_schema()
    assert set(schema["properties"]["variants"]["items"]["enum"]) == {*VARIANTS, *GROUPS, "all", "auto"}


WORD_BASELINES = ["majority", "tfidf-linear", "nb-svm"]
TEXTS = TextFacts(
    num_texts=9,
    num_characters=99,
    spaces_per_character=0.2,
    scripts={},
    without_spaces=0,
    unknown_words=0,
    unknown_unicode_words=0,
)


def choose(kind: Kind | None, *, wanted: str = "auto", on_characters: bool = False) -> EncodingChoice:
    return EncodingChoice(wanted=wanted, kind=kind, reason="", on_characters=on_characters, texts=TEXTS)


def test_baselines_run_unless_told_otherwise() -> None:
    assert RunConfig().choose_baselines(None) == WORD_BASELINES
    assert RunConfig(baselines="nb-svm,majority").choose_baselines(None) == ["majority", "nb-svm"]
    assert RunConfig(baselines="none").choose_baselines(None) == []
    assert RunConfig(baselines="auto,nb-svm-chars").choose_baselines(None) == [*WORD_BASELINES, "nb-svm-chars"]
    on_all = [*WORD_BASELINES, "tfidf-chars", "nb-svm-chars", "lsa", "lsa-unlabelled"]
    assert RunConfig(baselines="all").choose_baselines(None) == on_all


def test_baselines_on_characters_run_where_the_texts_ask_for_them() -> None:
    assert RunConfig().choose_baselines(choose(None)) == WORD_BASELINES
    asked = choose(None, on_characters=True)
    assert RunConfig().choose_baselines(asked) == [*WORD_BASELINES, "tfidf-chars", "nb-svm-chars"]
    assert RunConfig(baselines="majority").choose_baselines(asked) == ["majority"]


@pytest.mark.parametrize(
    ("settings", "choice", "expected"),
    [
        ({}, None, {"lstm": "words-10k-120", "stacked-bilstm": "subwords-8k-120", "long-lstm": "words-20k-400"}),
        ({}, choose(None), {"lstm": "words-10k-120", "stacked-bilstm": "subwords-8k-120"}),
        (
            {},
            choose("unicode-words"),
            {
                "lstm": "unicode-words-10k-120",
                "bilstm-small": "unicode-words-1k-120",
                "stacked-bilstm": "subwords-8k-120",
            },
        ),
        (
            {},
            choose("characters", wanted="characters"),
            {"lstm": "characters-10k-480", "stacked-bilstm": "characters-8192-480"},
        ),
        ({}, choose("words", wanted="words"), {"stacked-bilstm": "words-8192-120", "long-lstm": "words-20k-400"}),
        ({}, choose("subwords"), {"long-lstm": "subwords-20k-400-post"}),
        ({"length": 400, "vocab_size": 20_000}, None, {"lstm": "words-20k-400-pre", "long-lstm": "words-20k-400"}),
        ({"length": 50}, choose("characters"), {"lstm": "characters-10k-50"}),
    ],
)
def test_variants_read_the_chosen_encoding(
    settings: dict[str, int], choice: EncodingChoice | None, expected: dict[str, str]
) -> None:
    config = RunConfig(**settings)

    chosen = {name: config.choose_encoding(VARIANTS[name], choice) for name in expected}
    assert {name: encoding.name for name, encoding in chosen.items()} == expected
    assert all(encoding.padding == ENCODINGS[VARIANTS[name].encoding].padding for name, encoding in chosen.items())


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("nbsvm", "did you mean 'nb-svm'"),
        ("none,nb-svm", "none cannot be combined with other names; expected it alone"),
    ],
)
def test_wrong_baselines_are_refused(value: str, message: str) -> None:
    with pytest.raises(ValidationError, match=f"(?i){message}"):
        RunConfig(baselines=value)


def test_gate_has_half_a_point_over_all_and_two_in_a_slice() -> None:
    rules = RunConfig().gate_rules
    assert rules.promote
    assert rules.candidate is None
    assert (rules.margins.overall, rules.margins.per_slice) == (0.005, 0.02)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"candidate": "ltsm"}, "unknown model 'ltsm'; expected some of .* Did you mean 'lstm'"),
        ({"candidate": "ensemble"}, "unknown model 'ensemble'"),
        ({"candidate": "long-lstm"}, "'long-lstm' is not part of this run; expected one of flatten, "),
        ({"candidate": "nb-svm", "baselines": "none"}, "'nb-svm' is not part of this run"),
        ({"candidate": "ensemble-stacked"}, "'ensemble-stacked' is not part of this run"),
        ({"candidate": ""}, "unknown model ''"),
    ],
)
def test_candidate_that_does_not_run_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        RunConfig(**settings)
    assert re.match(f"--candidate: {message}", describe_errors(caught.value, RunConfig))


def test_texts_without_labels_need_no_teacher_where_their_words_are_enough() -> None:
    settings = {"unlabelled_path": Path("texts.txt"), "baselines": ["none"]}
    alone = RunConfig(variants=["region-conv-unlabelled"], **settings)
    assert (alone.names_with_unlabelled, alone.student_names) == (["region-conv-unlabelled"], [])
    baseline = RunConfig(unlabelled_path=Path("texts.txt"), variants=["lstm"], baselines=["nb-svm", "lsa-unlabelled"])
    assert (baseline.names_with_unlabelled, baseline.student_names) == (["lsa-unlabelled"], [])
    taught = RunConfig(variants=["region-conv-unlabelled", "distilled"], **settings)
    assert taught.names_with_unlabelled == ["distilled", "region-conv-unlabelled"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {},
            "--unlabelled-path is for models that learn from texts without labels; expected one of onehot-conv-student",
        ),
        ({"variants": ["distilled"], "baselines": ["none"]}, "no model could teach the students what texts without"),
        ({"variants": ["distilled"], "baselines": ["majority"]}, "no model could teach the students what texts"),
    ],
)
def test_texts_without_labels_are_refused_where_nobody_learns_or_teaches(
    settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        RunConfig(unlabelled_path=Path("texts.txt"), **settings)
    assert describe_errors(caught.value, RunConfig).startswith(message)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"vectors": "a.txt", "variants": ["lstm"]},
            "--vectors is for models that begin with word vectors; expected one of vectors-average-pool, ",
        ),
        (
            {"variants": ["lstm", "vectors-bilstm"]},
            "vectors-bilstm in --variants: the word vectors begin as those of a file; expected a .txt, .vec or ",
        ),
        (
            {"variants": ["pretrained"]},
            "vectors-average-pool, vectors-conv-max, vectors-bilstm in --variants: the word ",
        ),
        (
            {"own_variants": {"mine": {"base": "lstm", "vectors": "frozen"}}},
            "mine in --variants: the word vectors begin as those of a file",
        ),
        (
            {"vectors": "a.txt", "variants": ["vectors-bilstm"], "encoding": "characters"},
            "--encoding characters has no words, which vectors-bilstm must read; expected words, unicode-words, own",
        ),
    ],
)
def test_word_vectors_and_the_models_that_begin_with_them_need_each_other(
    settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        RunConfig(**settings)
    assert describe_errors(caught.value, RunConfig).startswith(message)


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({}, SEED_NAMES + VECTOR_NAMES),
        ({"dataset": "/a.csv"}, ["conv-max", "onehot-conv", *VECTOR_NAMES]),
        ({"variants": "pretrained"}, VECTOR_NAMES),
        ({"variants": "all"}, [name for name, row in VARIANTS.items() if not row.encoder]),
        ({"variants": "lstm,vectors-bilstm"}, ["lstm", "vectors-bilstm"]),
        ({"own_variants": {"mine": {"base": "lstm", "vectors": "frozen"}}}, ["mine"]),
    ],
)
def test_models_that_begin_with_word_vectors_are_added_if_there_is_a_file(
    settings: dict[str, Any], names: list[str]
) -> None:
    assert RunConfig(vectors=Path("a.txt"), **settings).variant_names == names
    assert RunConfig(vectors=Path("a.txt"), **settings).vectors == Path.cwd() / "a.txt"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"encoder": "a", "variants": ["lstm"]},
            "--encoder is for models that begin with an encoder; expected one of encoder-frozen, encoder-fine-tuned ",
        ),
        (
            {"variants": ["lstm", "encoder-frozen"]},
            "encoder-frozen in --variants: they begin with a pretrained encoder; expected the folder of one. Name it ",
        ),
        (
            {"own_variants": {"mine": {"base": "encoder-frozen"}}},
            "mine in --variants: they begin with a pretrained encoder",
        ),
        ({"encoder": "a", "variants": ["pretrained", "vectors-bilstm"]}, "vectors-bilstm in --variants: the word "),
    ],
)
def test_encoder_and_the_models_that_begin_with_it_need_each_other(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        RunConfig(**settings)
    assert describe_errors(caught.value, RunConfig).startswith(message)


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({}, SEED_NAMES + ENCODER_NAMES),
        ({"dataset": "/a.csv"}, ["conv-max", "onehot-conv", *ENCODER_NAMES]),
        ({"variants": "pretrained"}, ENCODER_NAMES),
        ({"variants": "pretrained", "vectors": Path("a.txt")}, PRETRAINED_NAMES),
        ({"variants": "all", "vectors": Path("a.txt")}, list(VARIANTS)),
        ({"own_variants": {"mine": {"base": "encoder-fine-tuned", "epochs": 2}}}, ["mine"]),
    ],
)
def test_models_that_begin_with_an_encoder_are_added_if_there_is_one(
    settings: dict[str, Any], names: list[str]
) -> None:
    config = RunConfig(encoder=Path("bert"), **settings)
    assert config.variant_names == names
    assert config.encoder == Path.cwd() / "bert"
    assert RunConfig(encoder=Path("bert"), candidate="encoder-frozen").gate_rules.candidate == "encoder-frozen"


@pytest.mark.parametrize("kind", [None, "subwords", "unicode-words"])
def test_model_that_begins_with_an_encoder_reads_its_tokens(kind: Kind | None) -> None:
    config = RunConfig(encoder=Path("bert"), vocab_size=500, length=300)
    found = config.choose_encoding(VARIANTS["encoder-frozen"], choose(kind))
    assert (found.name, found.kind, found.length) == ("encoder-300", "pretrained", 300)


def test_encoder_is_trained_for_few_epochs_with_bounded_gradients() -> None:
    config = RunConfig(encoder=Path("bert"))
    found = [config.choose_fit(VARIANTS[name], 1) for name in ENCODER_NAMES]
    assert [(it.epochs, it.clip_norm) for it in found] == [(10, None), (3, 1.0)]
    assert RunConfig(encoder=Path("bert"), epochs=2).choose_fit(VARIANTS["encoder-fine-tuned"], 1).epochs == 2


def test_model_that_begins_with_word_vectors_may_be_the_candidate_if_there_is_a_file() -> None:
    assert RunConfig(vectors=Path("a.txt"), candidate="vectors-bilstm").gate_rules.candidate == "vectors-bilstm"
    with pytest.raises(ValidationError, match="'vectors-bilstm' is not part of this run"):
        RunConfig(candidate="vectors-bilstm")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (None, "words-20k-400"),
        ("subwords", "words-20k-400"),
        ("unicode-words", "unicode-words-20k-400-post"),
    ],
)
def test_model_that_begins_with_word_vectors_reads_words(kind: Kind | None, expected: str) -> None:
    config = RunConfig(vectors=Path("a.txt"))
    assert config.choose_encoding(VARIANTS["vectors-bilstm"], choose(kind)).name == expected


@pytest.mark.parametrize(
    "settings",
    [
        {"variants": ["distilled"]},
        {"variants": ["distilled", "lstm"], "baselines": ["none"]},
        {"variants": ["students"], "baselines": ["nb-svm"]},
    ],
)
def test_texts_without_labels_need_a_student_and_a_teacher(settings: dict[str, Any]) -> None:
    config = RunConfig(unlabelled_path=Path("texts.txt"), **settings)
    assert config.unlabelled_path == Path.cwd() / "texts.txt"
    assert "distilled" in config.student_names


def test_settings_about_files_are_for_the_texts_without_labels_if_the_dataset_is_no_file() -> None:
    given = {"text_column": ("opinion",), "delimiter": ";", "variants": ("distilled",)}
    config = RunConfig(dataset="imdb_reviews", unlabelled_path=Path("texts.csv"), **given)
    assert (config.files.text_columns, config.files.delimiter) == ((), None)
    assert (config.other_files.text_columns, config.other_files.delimiter) == (("opinion",), ";")
    assert RunConfig(dataset="imdb_reviews", **given).files.text_columns == ("opinion",)


def test_ensemble_may_be_the_candidate_of_a_run_that_makes_it() -> None:
    assert RunConfig(candidate="ensemble-stacked", stack=True).gate_rules.candidate == "ensemble-stacked"


def test_candidate_is_not_judged_by_variants_that_are_wrong_themselves() -> None:
    with pytest.raises(ValidationError) as caught:
        RunConfig(candidate="lstm", variants="ltsm")  # type: ignore[arg-type]
    assert "--candidate" not in describe_errors(caught.value, RunConfig)


@pytest.mark.parametrize("name", ["lstm", "nb-svm"])
def test_candidate_may_be_any_model_of_the_run(name: str) -> None:
    assert RunConfig(candidate=name).gate_rules.candidate == name


def test_form_begins_with_what_most_runs_set_and_has_no_folders() -> None:
    fields = RunConfig.model_json_schema()["properties"]
    assert list(fields)[:6] == ["dataset", "variants", "baselines", "seeds", "epochs", "limit"]
    assert set(fields) == set(RunConfig.model_fields)
    assert "default" not in fields["data_dir"]
    assert "default" not in fields["artifacts_dir"]
    assert "&lt;label>" in fields["dataset"]["description"]


def test_address_of_the_webhook_is_known_and_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKEOFF_WEBHOOK_URL", "http://127.0.0.1:9/secret")
    check_environment()
    assert "secret" not in RunConfig().model_dump_json()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"metric": "f1"}, "--metric: unknown metric 'f1'; expected one of accuracy, macro-f1, recall:<label>, cost."),
        (
            {"metric": "cost"},
            "--costs: expected it together with --metric cost, and with no other; got --metric cost",
        ),
        ({"costs": "/c.toml"}, "and with no other; got --metric accuracy and a file."),
    ],
)
def test_metric_and_costs_have_to_go_together(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        RunConfig(**settings)
    assert message in describe_errors(caught.value, RunConfig)


def test_files_of_weights_and_costs_are_checked_before_anything_else(tmp_path: Path) -> None:
    path = tmp_path / "aims.toml"
    path.write_text("spam = -1\n")
    with pytest.raises(UserError, match=r"^--class-weight: aims.toml says that 'spam' weighs -1"):
        RunConfig(class_weight=str(path)).check_aims()
    with pytest.raises(UserError, match=r"^--costs: aims.toml says spam = -1"):
        RunConfig(metric="cost", costs=path).check_aims()
    RunConfig(class_weight="balanced", metric="macro-f1").check_aims()


def test_aims_are_found_among_the_labels(tmp_path: Path) -> None:
    path = tmp_path / "costs.toml"
    path.write_text("[pos]\nneg = 7\n")
    reviews = ReviewsFacts.model_construct(label_names=["neg", "pos"], counts={"train": {"neg": 9, "pos": 1}})
    config = RunConfig(class_weight="balanced", metric="cost", costs=path)
    aims = config.find_aims(reviews)
    assert aims.class_weights == pytest.approx((10 / 18, 5))
    assert aims.objective == Objective(metric="cost", costs=((0.0, 1.0), (7.0, 0.0)))
    fit = config.choose_fit(VARIANTS["lstm"], 1, aims)
    assert (fit.class_weights, fit.objective) == (aims.class_weights, aims.objective)
    assert config.describe_stack(1, aims).class_weights == aims.class_weights
    assert RunConfig().find_aims(reviews) == Aims()


@pytest.mark.parametrize("dataset", ["auto", "sample", "imdb_reviews", "imdb_reviews/plain_text"])
def test_auto_is_the_seed_group_for_the_data_that_it_was_made_for(dataset: str) -> None:
    assert RunConfig(dataset=dataset).variant_names == expand_names(["seed"])


@pytest.mark.parametrize("dataset", ["tickets.csv", "ag_news_subset", "glue/sst2"])
def test_auto_is_two_networks_for_other_data(dataset: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_names, "find_library", lambda: Path("_native.so"))
    assert RunConfig(dataset=dataset).variant_names == ["conv-max", "onehot-conv"]
    assert RunConfig(dataset=dataset, variants="auto,lstm").variant_names == ["lstm", "conv-max", "onehot-conv"]
    monkeypatch.setattr(model_names, "find_library", lambda: None)
    assert RunConfig(dataset=dataset).variant_names == ["conv-max"]


@pytest.mark.parametrize("dataset", ["auto", "tickets.csv"])
def test_auto_is_any_variant_that_needs_labels_alone_in_limited_time(
    dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_names, "find_library", lambda: Path("_native.so"))
    limited = RunConfig(dataset=dataset, minutes=0.5)
    assert limited.variant_names == [
        row.name for row in VARIANTS.values() if not (row.uses_unlabelled or row.begins_with)
    ]
    with_all = RunConfig(dataset=dataset, minutes=0.5, vectors=Path("a.txt"), encoder=Path("bert"))
    assert with_all.variant_names == [row.name for row in VARIANTS.values() if not row.uses_unlabelled]
    students = RunConfig(dataset=dataset, minutes=0.5, variants="lstm,students").variant_names
    assert students == ["lstm", *STUDENT_NAMES]
    assert RunConfig(dataset="tickets.csv", minutes=5, candidate="attention").candidate == "attention"
    monkeypatch.setattr(model_names, "find_library", lambda: None)
    assert "onehot-conv" not in RunConfig(dataset=dataset, minutes=0.5).variant_names


@pytest.mark.parametrize("minutes", [0, -1, float("nan"), float("inf")])
def test_minutes_that_are_no_time_are_refused(minutes: float) -> None:
    with pytest.raises(ValidationError, match="minutes"):
        RunConfig(minutes=minutes)


@pytest.mark.parametrize("tuning", [{"tune": 3}, {"tune_seconds": 9}])
def test_tuning_in_limited_time_is_refused(tuning: dict[str, int]) -> None:
    with pytest.raises(ValidationError, match="tuning would use up the time of the models"):
        RunConfig(minutes=5, **tuning)


def test_candidate_may_be_one_that_auto_stands_for() -> None:
    assert RunConfig(dataset="tickets.csv", candidate="conv-max").candidate == "conv-max"
    with pytest.raises(ValidationError, match="'lstm' is not part of this run; expected one of conv-max, "):
        RunConfig(dataset="tickets.csv", candidate="lstm")


def test_further_test_sets_are_named_and_their_paths_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = RunConfig(also_test="contrast=c.csv, shop-2=/data/a=b.csv")
    assert config.challenge_paths == {"contrast": tmp_path / "c.csv", "shop-2": Path("/data/a=b.csv")}
    assert RunConfig(**config.model_dump()).challenge_paths == config.challenge_paths


def test_further_test_set_at_an_address_is_spelled_by_it() -> None:
    config = RunConfig(also_test="far=s3://bucket/c.csv")
    assert config.also_test == ("far=s3://bucket/c.csv",)
    assert str(config.challenge_paths["far"]).endswith("/s3/bucket/c.csv")
    with pytest.raises(ValidationError, match="unknown scheme 'ftp'"):
        RunConfig(also_test="far=ftp://host/c.csv")


@pytest.mark.parametrize("given", ["c.csv", "=c.csv", "contrast=", "two words=c.csv", "a/b=c.csv", "x=a.csv,x=b.csv"])
def test_further_test_set_without_a_name_or_path_is_refused(given: str) -> None:
    with pytest.raises(ValidationError, match=r"expected a name of letters|is given twice"):
        RunConfig(also_test=given)
