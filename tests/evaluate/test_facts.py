"""bundle.json is read whether it has a version or not; one that is newer, or damaged, is refused in one line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.baseline.facts import BaselineFacts, BaselineSettings
from tasks.errors import UserError
from tasks.evaluate.bundle import read_bundle_file, read_facts
from tasks.evaluate.facts import BundleFacts
from tasks.train.facts import TrainingFacts
from tasks.train.settings import FitSettings

AddBundle = Callable[..., Path]


def read_json(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "bundle.json").read_text())
    return content


def test_bundle_without_a_version_is_of_the_first(add_bundle: AddBundle) -> None:
    folder = add_bundle("nb-svm")
    assert "schema_version" not in read_json(folder)
    facts = read_facts(folder)
    assert (facts.schema_version, facts.model_id, facts.length, facts.profile) == (1, "nb-svm/f1", None, None)


def test_newer_bundle_is_refused_in_one_line(add_bundle: AddBundle) -> None:
    with pytest.raises(UserError, match="schema version 2; expected at most 1") as caught:
        read_facts(add_bundle("nb-svm", schema_version=2, a_later_field=True))
    assert "\n" not in str(caught.value)


def test_field_that_is_not_known_is_refused(add_bundle: AddBundle) -> None:
    with pytest.raises(UserError, match=r"has no readable bundle\.json: .* at temprature"):
        read_bundle_file(add_bundle("nb-svm", temprature=1.0))


def test_settings_and_numbers_are_those_of_the_kind_of_model(add_bundle: AddBundle, add_result: Any) -> None:
    content = read_json(add_bundle("nb-svm"))
    baseline = BundleFacts.model_validate(content)
    assert isinstance(baseline.settings, BaselineSettings)
    assert isinstance(baseline.training, BaselineFacts)
    settings = {"epochs": 3, "patience": 2, "batch_size": 32, "learning_rate": 0.001, "seed": 7}
    training = add_result("lstm", 80).training.model_dump()
    network = BundleFacts.model_validate({**content, "kind": "neural", "settings": settings, "training": training})
    assert network.settings == FitSettings(epochs=3, patience=2, batch_size=32, learning_rate=0.001, seed=7)
    assert isinstance(network.training, TrainingFacts)


def test_what_is_written_reads_back(add_bundle: AddBundle, tmp_path: Path) -> None:
    facts = read_facts(add_bundle("nb-svm"))
    facts.write(tmp_path / "bundle.json")
    assert read_bundle_file(tmp_path) == facts
    assert read_json(tmp_path)["schema_version"] == 1
