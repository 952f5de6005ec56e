"""A run's training data against a bundle's profile, and what is said of it."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.drift import measure
from tasks.drift.facts import Drift
from tasks.drift.measure import compare_labels, compare_values, measure_drift
from tasks.drift.render import describe_drift, name_bin, render_drift, tabulate_drift
from tasks.evaluate.classifier import Prepared
from tasks.evaluate.facts import BundleFacts, DatasetOfModel, TextProfile
from tasks.evaluate.profile import count_in_quantiles, profile_lengths, profile_unknown


class KnowsWord:
    """Knows one word."""

    def prepare(self, texts: pa.Array) -> Prepared:
        words = [text.as_py().split() for text in texts]
        counts = np.array([len(row) for row in words], np.int32)
        unknown = np.array([sum(word != "known" for word in row) for row in words], np.int32)
        return Prepared(words, counts, unknown)


def write_split(path: Path, texts: list[str]) -> Path:
    pq.write_table(pa.table({"text": texts}), path)
    return path


@pytest.fixture
def champion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A champion of 1,000 reviews with four known words each."""
    texts = ["known known known known"] * 1_000
    path = write_split(tmp_path / "champion.parquet", texts)
    profile = TextProfile(
        words=profile_lengths(path),
        unknown=profile_unknown(np.full(1_000, 4, np.int32), np.zeros(1_000, np.int32)),
        most_unknown=0.6,
        unfamiliar=(1_000, 0),
    )
    dataset = DatasetOfModel.model_construct(counts={"train": {"neg": 500, "pos": 500}})
    facts = BundleFacts.model_construct(profile=profile, dataset=dataset)
    bundle = SimpleNamespace(facts=facts, model_id="conv-max/f1", classifier=KnowsWord())
    monkeypatch.setattr(measure, "load_bundle", lambda _: bundle)


def measure_texts(folder: Path, train: list[str], validation: list[str], **counts: int) -> Drift:
    write_split(folder / "train.parquet", train)
    write_split(folder / "validation.parquet", validation)
    return measure_drift(folder / "champion", folder, folder, counts=counts)


@pytest.mark.usefixtures("champion")
def test_equal_data_are_stable(tmp_path: Path) -> None:
    texts = ["known known known known"] * 400
    drift = measure_texts(tmp_path, texts, texts, neg=200, pos=200)
    assert drift.level == "stable"
    assert "like those of the champion, conv-max/f1" in describe_drift(drift)
    assert (tmp_path / "drift.json").is_file()


@pytest.mark.usefixtures("champion")
def test_each_measure_alarms_by_itself(tmp_path: Path) -> None:
    same, long, strange = "known known known known", " ".join(["known"] * 9), "known known odd odd"
    levels = [
        {it.name: it.level for it in measure_texts(tmp_path, [train] * 400, [held] * 400, **counts).measures}
        for train, held, counts in (
            (same, same, {"neg": 20, "pos": 380}),
            (long, same, {"neg": 200, "pos": 200}),
            (same, strange, {"neg": 200, "pos": 200}),
        )
    ]
    assert levels == [
        {"labels": "alarm", "words": "stable", "unknown": "stable", "unfamiliar": "stable"},
        {"labels": "stable", "words": "alarm", "unknown": "stable", "unfamiliar": "stable"},
        {"labels": "stable", "words": "stable", "unknown": "alarm", "unfamiliar": "stable"},
    ]


@pytest.mark.usefixtures("champion")
def test_texts_that_the_champion_does_not_know_alarm(tmp_path: Path) -> None:
    # Some texts are in another language.
    train = ["known known known known"] * 400
    held = [*train[30:], *["quite another language"] * 30]
    drift = measure_texts(tmp_path, train, held, neg=200, pos=200)
    found = {it.name: it for it in drift.measures}["unfamiliar"]
    assert (found.level, found.reference, found.current) == ("alarm", (1_000, 0), (370, 30))
    assert "texts that it does not know" in describe_drift(drift)
    assert tabulate_drift(drift)[-1]["moved most"] == "unknown texts: 0.0% -> 7.5%"


@pytest.mark.usefixtures("champion")
def test_profile_without_counts_of_unknown_texts_is_compared_in_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = measure.load_bundle(tmp_path)
    profile = bundle.facts.profile.model_copy(update={"most_unknown": None, "unfamiliar": None})  # type: ignore[union-attr]
    older = SimpleNamespace(**vars(bundle) | {"facts": bundle.facts.model_copy(update={"profile": profile})})
    monkeypatch.setattr(measure, "load_bundle", lambda _: older)
    texts = ["known known known known"] * 400
    drift = measure_texts(tmp_path, texts, texts, neg=200, pos=200)
    assert [it.name for it in drift.measures] == ["labels", "words", "unknown"]


def test_label_that_only_one_side_has_is_counted() -> None:
    found = compare_labels({"neg": 500, "pos": 500}, {"neg": 300, "mixed": 300})
    assert found.bins == ("neg", "pos", "mixed")
    assert (found.reference, found.current) == ((500, 500, 0), (300, 0, 300))
    assert found.level == "alarm"


def test_what_moved_most_is_named_by_its_bounds() -> None:
    words = compare_values("words", count_in_quantiles(np.arange(1_000)), np.full(500, 2_000))
    assert name_bin(words, 0) == "up to 100"
    assert name_bin(words, 1) == "100 to 200"
    drift = Drift(champion="lstm/f1", level="alarm", measures=(words,))
    assert tabulate_drift(drift)[0]["moved most"] == "above 899: 10.0% -> 100.0%"
    assert "length in words" in render_drift(drift)
