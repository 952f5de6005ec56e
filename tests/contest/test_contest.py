"""Who takes part in a contest, in which order, with what, whoever does the work."""

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.compare.results import STACKED, FailedModel
from tasks.contest import contest, teaching
from tasks.contest.contest import Contest
from tasks.errors import TrainingError, UserError
from tasks.evaluate.ensemble_facts import STACK
from tasks.objective.facts import Aims
from tasks.settings.run import RunConfig
from tasks.stack.writing import Stack

LOGGER = logging.getLogger("contest")
REVIEWS: Any = SimpleNamespace(facts=SimpleNamespace(label_names=["bad", "good"], num_reviews={"train": 9}))


class Noted(str):
    """A call in words, in the place of the output that it would make."""

    __slots__ = ()
    facts = SimpleNamespace(train_seconds=0.0, epochs=None)


class NotedStages:
    """Notes what is asked for and by which names, and fails at the last step, so that no model has results."""

    logger = LOGGER

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def note(self, *call: Any) -> str:
        self.calls.append(call)
        return Noted(" ".join(map(str, call)))

    def take_encoder(self, path: Any) -> Any:
        facts = SimpleNamespace(dim=9, num_params=100, vocab_size=50, most_tokens=40)
        return SimpleNamespace(name=self.note("take", path.name), facts=facts)

    def read_texts(self, encoder: Any, sequences: Any, device: Any) -> Any:
        assert device == "cpu"
        return SimpleNamespace(name=self.note("read", encoder.name, sequences.name))

    def encode(self, _reviews: Any, encoding: Any, encoder: Any) -> Any:
        assert (encoder is not None) == (encoding.kind == "pretrained")
        return SimpleNamespace(name=self.note("encode", encoding.name))

    def settle_device(self, variant: Any, _settings: Any, _sequences: Any, *, num_classes: int) -> str:
        self.note("settle", variant.name, num_classes)
        return "cpu"

    def match_vectors(self, path: Any, sequences: Any) -> Any:
        return SimpleNamespace(name=self.note("match", path.name, sequences.name), facts=SimpleNamespace(dim=7))

    def learn_regions(self, sequences: Any, unlabelled: Any) -> str:
        found = f"{unlabelled.sequences} ({unlabelled.dataset})" if unlabelled else "labelled texts alone"
        return self.note("learn", sequences.name, found)

    def train(
        self,
        variant: Any,
        settings: Any,
        sequences: Any,
        *,
        num_classes: int,
        jobs: int,
        lessons: Any,
        vectors: Any,
        encoder: Any,
        regions: Any,
    ) -> str:
        assert (settings.device, num_classes, jobs) == ("cpu", 2, 1)
        if vectors:
            lessons = (vectors.name, variant.embedding_dim)
        if regions:
            lessons = regions
        if encoder:
            lessons = (encoder.encoder.name, encoder.text_vectors and encoder.text_vectors.name, variant.num_params)
        return self.note("train", variant.name, settings.seed, sequences.name, lessons)

    def fit(self, baseline: Any, _reviews: Any, *, class_weights: Any, jobs: int, memory: int, unlabelled: Any) -> str:
        assert (class_weights, jobs, memory) == (None, 1, 4_000_000_000)
        return self.note("fit", baseline.name, *([unlabelled.name] if unlabelled else []))

    def combine(self, stack: Any, settings: Any) -> str:
        return self.note("combine", stack.describe(), settings.seed)

    def encode_unlabelled(self, texts: Any, encoded: Any) -> str:
        return f"{texts.name} of {encoded.name}"

    def answer(self, teacher: Any, texts: Any, *, seed: int, label_names: Any) -> str:
        assert label_names == ["bad", "good"]
        return f"what {teacher.describe()} says of {texts.name} with seed {seed}"

    def evaluate(self, model: str, _reviews: Any, *, objective: Any) -> Any:
        raise TrainingError(f"{model}: not evaluated, {objective}")


@pytest.fixture
def stages() -> NotedStages:
    return NotedStages()


def make_contest(stages: Any, **settings: Any) -> Contest:
    return Contest(RunConfig(jobs=1, **settings), REVIEWS, Aims(), stages)


def test_each_encoding_is_made_once(stages: NotedStages) -> None:
    held = make_contest(stages, variants=("flatten", "conv-max", "bilstm", "long-bilstm"))
    by_encoding, by_variant = held.encode(None)
    assert list(by_variant) == held.config.variant_names
    assert len(by_encoding) == len(stages.calls) < len(by_variant)
    assert by_variant["conv-max"] is by_encoding[held.config.variant_table["conv-max"].own_encoding.name]


def test_baselines_take_part_once_and_variants_with_each_seed(stages: NotedStages) -> None:
    held = make_contest(stages, variants=("conv-max", "flatten"), baselines=("nb-svm", "majority"), seeds=2)
    _, by_variant = held.encode(None)
    results = held.hold(None, by_variant, None)
    assert [(it.group, it.variant, it.seed) for it in results] == [
        ("baseline", "majority", 1),
        ("baseline", "nb-svm", 1),
        ("seed", "flatten", 1),
        ("seed", "flatten", 2),
        ("seed", "conv-max", 1),
        ("seed", "conv-max", 2),
    ]
    assert [it.encoding for it in results] == ["text", "text", *(own.name for own in by_variant.values() for _ in "12")]
    assert [call[1:] for call in stages.calls if call[0] == "settle"] == [("flatten", 2), ("conv-max", 2)]
    assert all(isinstance(it, FailedModel) and "not evaluated, None" in it.reason for it in results)


def test_word_vectors_are_taken_from_the_file_once_for_each_encoding_that_needs_them(stages: NotedStages) -> None:
    own = {"wide": {"base": "lstm", "vectors": "frozen"}, "other": {"base": "lstm"}}
    settings = {"own_variants": own, "variants": ("pretrained", "own"), "baselines": ("none",), "seeds": 2}
    held = make_contest(stages, vectors=Path("glove.txt"), **settings)
    _, by_variant = held.encode(None)
    held.hold(None, by_variant, None)
    long, short = (f"encode {held.config.variant_table[name].own_encoding.name}" for name in ("long-lstm", "lstm"))
    assert [call for call in stages.calls if call[0] == "match"] == [
        ("match", "glove.txt", long),
        ("match", "glove.txt", short),
    ]
    given = {call[1]: call[4] for call in stages.calls if call[0] == "train"}
    assert given.pop("other") is None
    assert given.pop("wide") == (f"match glove.txt {short}", 7)
    assert set(given.values()) == {(f"match glove.txt {long}", 7)}
    assert held.config.variant_table["vectors-bilstm"].embedding_dim != 7


def test_encoder_is_taken_in_once_and_a_frozen_one_reads_the_texts_for_each_encoding(stages: NotedStages) -> None:
    own = {"short": {"base": "encoder-frozen", "encoding": {"length": 20}}, "other": {"base": "lstm"}}
    settings = {"own_variants": own, "variants": ("pretrained", "own"), "baselines": ("none",)}
    held = make_contest(stages, encoder=Path("tiny-bert"), **settings)
    _, by_variant = held.encode(None)
    held.hold(None, by_variant, None)
    assert [call for call in stages.calls if call[0] == "take"] == [("take", "tiny-bert")]
    taken, whole, short = "take tiny-bert", "encode encoder-40", "encode encoder-20"
    assert [call for call in stages.calls if call[0] == "read"] == [("read", taken, whole), ("read", taken, short)]
    given = {call[1]: call[4] for call in stages.calls if call[0] == "train"}
    assert given == {
        "encoder-frozen": (taken, f"read {taken} {whole}", 10),
        "encoder-fine-tuned": (taken, None, 110),
        "short": (taken, f"read {taken} {short}", 10),
        "other": None,
    }


def test_error_about_the_data_ends_the_contest(stages: NotedStages, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise UserError("no such label; expected others")

    monkeypatch.setattr(stages, "fit", refuse)
    with pytest.raises(UserError, match="no such label"):
        make_contest(stages, variants=("flatten",), baselines=("majority",)).train_all(["majority"], {}, None)


def test_students_learn_last_from_the_teacher_of_their_seed(
    stages: NotedStages, monkeypatch: pytest.MonkeyPatch, add_result: Any, caplog: pytest.LogCaptureFixture
) -> None:
    teacher = Stack((add_result("nb-svm", 80, group="baseline"),), (0.6,), accuracy=0.9, loss=0.3)
    monkeypatch.setattr(teaching, "choose_best", lambda *_, seed, **__: teacher if seed == 2 else None)
    held = make_contest(stages, variants=("distilled", "flatten"), baselines=("majority",), seeds=2)
    _, by_variant = held.encode(None)
    texts: Any = SimpleNamespace(name="texts")
    with caplog.at_level(logging.INFO, logger="contest"):
        results = held.hold(None, by_variant, texts)
    assert caplog.messages == [
        "the teacher of the students with seed 1: none, so that they learn from labels alone",
        "the teacher of the students with seed 2: 0.60 nb-svm",
    ]
    assert [it.variant for it in results] == ["majority", "flatten", "flatten", "distilled", "distilled"]
    own = by_variant["distilled"].name
    assert [call[2:] for call in stages.calls if call[:2] == ("train", "distilled")] == [
        (1, own, None),
        (2, own, (f"texts of {own}", "what 0.60 nb-svm says of texts with seed 2")),
    ]


def test_students_without_texts_learn_from_labels_like_the_others(stages: NotedStages) -> None:
    held = make_contest(stages, variants=("distilled", "flatten"), baselines=("none",))
    _, by_variant = held.encode(None)
    assert [it.variant for it in held.hold(None, by_variant, None)] == list(by_variant)
    assert [call[-1] for call in stages.calls if call[0] == "train"] == [None, None]


def test_embeddings_of_regions_are_learned_from_the_texts_that_a_variant_uses(
    stages: NotedStages, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("region-conv", "region-conv-unlabelled", "conv-max", "own")
    own_variants = {"pupil": {"base": "region-conv", "is_student": True}}
    held = make_contest(stages, variants=names, own_variants=own_variants, baselines=("none",))
    monkeypatch.setattr(teaching, "choose_best", lambda *_, **__: None)
    _, by_variant = held.encode(None)
    texts: Any = SimpleNamespace(name="more")
    held.hold(None, by_variant, texts)
    own = by_variant["region-conv"].name
    given = {call[1]: call[4] for call in stages.calls if call[0] == "train"}
    assert given == {
        "conv-max": None,
        "region-conv": f"learn {own} labelled texts alone",
        "region-conv-unlabelled": f"learn {own} more of {own} (more)",
        "pupil": f"learn {own} labelled texts alone",
    }
    stages.calls.clear()
    held.hold(None, by_variant, None)
    assert {call[2] for call in stages.calls if call[0] == "learn"} == {"labelled texts alone"}


def test_baseline_reads_texts_without_labels_if_it_uses_them(stages: NotedStages) -> None:
    own_baselines = {"more-lsa": {"base": "lsa-unlabelled", "num_dimensions": 9}}
    names = ("nb-svm", "lsa", "lsa-unlabelled", "more-lsa")
    held = make_contest(stages, variants=("lstm",), baselines=names, own_baselines=own_baselines)
    _, by_variant = held.encode(None)
    texts: Any = SimpleNamespace(name="more")
    held.hold(None, by_variant, texts)
    fitted = [call[1:] for call in stages.calls if call[0] == "fit"]
    assert fitted == [("nb-svm",), ("lsa",), ("lsa-unlabelled", "more"), ("more-lsa", "more")]


def test_nobody_teaches_where_texts_without_labels_are_read_for_their_words_alone(
    stages: NotedStages, caplog: pytest.LogCaptureFixture
) -> None:
    held = make_contest(stages, variants=("region-conv-unlabelled",), baselines=("none",))
    _, by_variant = held.encode(None)
    texts: Any = SimpleNamespace(name="more")
    with caplog.at_level(logging.INFO, logger="contest"):
        held.hold(None, by_variant, texts)
    assert not caplog.messages


def test_no_ensemble_is_made_if_no_second_model_helps(
    stages: NotedStages, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(contest, "choose_stack", lambda *_, **__: None)
    with caplog.at_level(logging.INFO, logger="contest"):
        assert make_contest(stages).combine([], 2) == []
    assert caplog.messages == ["ensemble-stacked: with seed 2, no second model helps the best on validation"]


def test_ensemble_is_a_model_of_its_seed(stages: NotedStages, monkeypatch: pytest.MonkeyPatch, add_result: Any) -> None:
    models = (add_result("nb-svm", 80, group="baseline"), add_result("lstm", 80, seed=3))
    stack = Stack(models, (0.6, 0.4), accuracy=0.9, loss=0.3)
    monkeypatch.setattr(contest, "choose_stack", lambda *_, **__: stack)
    (result,) = make_contest(stages, stack=True).combine(list(models), 3)
    assert stages.calls == [("combine", stack.describe(), 3)]
    assert isinstance(result, FailedModel)
    assert (result.variant, result.group, result.seed) == (STACK, STACKED, 3)
    assert result.reason == f"combine {stack.describe()} 3: not evaluated, None"
