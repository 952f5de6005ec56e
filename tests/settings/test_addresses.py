"""Addresses in settings: on this machine they are local paths, and for other machines they are spelled as given."""

from pathlib import Path
from typing import Any

import pytest

from tasks.cli.parsing import parse_command_line
from tasks.errors import UserError
from tasks.settings.predict import PredictConfig
from tasks.settings.run import RunConfig


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "sequence-bakeoff"


def train(*arguments: str) -> RunConfig:
    return parse_command_line(list(arguments), RunConfig, program="train")


def test_settings_of_a_run_are_local_paths_here_and_addresses_elsewhere(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {
        "dataset": "s3://bucket/films/train.csv",
        "test_path": "https://host/test.csv?version=2",
        "unlabelled_path": None,
        "data_dir": "gs://bucket/data",
        "artifacts_dir": "az://container/artifacts",
    }
    config = train(*(f"--{name.replace('_', '-')}={value}" for name, value in given.items() if value))
    assert config.dataset == str(cache / "s3/bucket/films/train.csv")
    assert config.files.test_path == cache / "https/host?version=2/test.csv"
    assert config.data_dir == cache / "gs/bucket/data"
    assert config.artifacts_dir == cache / "az/container/artifacts"
    assert config.dataset_name == "films-train"

    sent = config.model_dump(mode="json")
    assert {name: sent[name] for name in given} == given
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "of another machine"))
    assert RunConfig.model_validate(sent).data_dir == tmp_path / "of another machine/sequence-bakeoff/gs/bucket/data"


def test_files_of_one_class_each_may_be_addresses(cache: Path) -> None:
    config = train("--dataset=s3://b/neg.txt,s3://b/pos.txt")
    assert config.dataset == f"{cache}/s3/b/neg.txt,{cache}/s3/b/pos.txt"
    assert config.model_dump(mode="json")["dataset"] == "s3://b/neg.txt,s3://b/pos.txt"
    assert config.dataset_name == "neg-pos"


def test_local_paths_names_and_databases_are_what_they_were(tmp_path: Path) -> None:
    for dataset in ("imdb_reviews", "sample", "sqlite:///films.db", str(tmp_path / "x.csv")):
        assert train(f"--dataset={dataset}").model_dump(mode="json")["dataset"] == dataset
    assert train(f"--data-dir={tmp_path}").model_dump(mode="json")["data_dir"] == str(tmp_path)


def test_input_output_and_model_of_scoring_may_be_addresses(cache: Path) -> None:
    given = {
        "input": "s3://b/x.csv",
        "output": "s3://b/y.csv",
        "model": "s3://b/m/current",
        "artifacts_dir": "s3://b/a",
    }
    config = PredictConfig(**given)  # type: ignore[arg-type]
    assert (config.input, config.output, config.url) == (f"{cache}/s3/b/x.csv", cache / "s3/b/y.csv", None)
    sent = config.model_dump(mode="json")
    assert {name: sent[name] for name in given} == given


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--data-dir=ftp://host/x"],
            "--data-dir: unknown scheme 'ftp'; expected a folder, or an address: s3://, gs://",
        ),
        (["--artifacts-dir=https://host/x"], "--artifacts-dir: unknown scheme 'https'; expected a folder"),
        (
            ["--test-path=ftp://host/x.csv"],
            "--test-path: unknown scheme 'ftp'; expected one of s3, gs, az, https, http",
        ),
        (["--dataset=https://me:pw@host/x.csv"], "--dataset: the address holds a login"),
        (["--dataset=https://host/x.csv?token=abc"], "--dataset: the address holds a secret"),
        (
            ["--artifacts-dir=s3://"],
            "--artifacts-dir: 's3://' is not complete; expected an address such as s3://bucket",
        ),
    ],
)
def test_address_that_cannot_be_used_is_one_line(arguments: list[str], message: str) -> None:
    with pytest.raises(UserError) as caught:
        train(*arguments)
    assert message in str(caught.value)
    assert not any(secret in str(caught.value) for secret in ("me:pw", "abc"))


def test_addresses_change_no_form(cache: Path) -> None:
    assert cache
    fields: dict[str, Any] = RunConfig.model_json_schema()["properties"]
    assert fields["data_dir"]["format"] == "path"
