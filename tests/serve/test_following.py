"""The model in use follows the champion; one that cannot be used never takes its place."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.errors import UserError
from tasks.promote.champion import hold_champion, roll_back
from tasks.serve import following
from tasks.serve.following import Follower

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # Keras saves with NumPy 1's protocol

Promote = Callable[[str], Path]
Models = Callable[[str], Path]


def name(follower: Follower) -> str:
    """The variant in use."""
    return follower.current.bundle.facts.variant


def test_promotion_and_rollback_are_followed(promote: Promote, artifacts: Path) -> None:
    follower = Follower(promote("tfidf-linear"), min_confidence=0.5)
    assert name(follower) == "tfidf-linear"
    promote("average-pool")
    follower.look()
    assert name(follower) == "average-pool"
    assert follower.current.name == (artifacts / "champion" / "current").readlink().name
    assert follower.current.additions.min_confidence == 0.5
    with hold_champion(artifacts) as folder:
        roll_back(folder)
    follower.look()
    assert (name(follower), follower.refused) == ("tfidf-linear", None)


def test_model_is_not_loaded_again_without_need(promote: Promote, monkeypatch: pytest.MonkeyPatch) -> None:
    follower = Follower(promote("tfidf-linear"), min_confidence=0)
    monkeypatch.setattr(follower, "load", lambda _: pytest.fail("it was loaded"))
    follower.look()


def test_damaged_champion_is_refused_until_it_is_repaired(
    promote: Promote, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower = Follower(promote("tfidf-linear"), min_confidence=0)
    damaged = promote("nb-svm") / "current" / "model.npz"
    content = damaged.read_bytes()
    damaged.write_bytes(content[:-1])
    with monkeypatch.context() as patch:
        patch.setattr(following, "RETRY_SECONDS", 0)
        for _ in range(3):
            follower.look()
    assert name(follower) == "tfidf-linear"
    assert follower.refused is not None
    assert "model.npz does not match its hash" in follower.refused
    (record,) = caplog.records
    assert "its successor was refused: " in record.getMessage()
    damaged.write_bytes(content)
    follower.look()
    assert name(follower) == "tfidf-linear", "it was tried again at once"
    monkeypatch.setattr(following, "RETRY_SECONDS", 0)
    follower.look()
    assert (name(follower), follower.refused) == ("nb-svm", None)


def test_return_to_the_model_in_use_ends_a_refusal(promote: Promote, artifacts: Path) -> None:
    follower = Follower(promote("tfidf-linear"), min_confidence=0)
    (promote("nb-svm") / "current" / "vocabulary.json").unlink()
    follower.look()
    assert follower.refused
    with hold_champion(artifacts) as folder:
        roll_back(folder)
    follower.look()
    assert (name(follower), follower.refused) == ("tfidf-linear", None)


@pytest.mark.parametrize("part", ["current", "history.jsonl", "current/bundle.json", "current/manifest.json"])
def test_whatever_is_missing_or_changed_the_model_goes_on(part: str, promote: Promote) -> None:
    champions = promote("tfidf-linear")
    follower = Follower(champions, min_confidence=0)
    promote("nb-svm")
    if part == "history.jsonl":
        (champions / part).write_text("{}")
        (champions / "history.copy.jsonl").write_text("[]")
    else:
        (champions / part).unlink()
    follower.look()
    assert name(follower) == "tfidf-linear"
    assert follower.refused


def test_champion_that_was_changed_with_its_manifest_is_refused(promote: Promote, models: Models) -> None:
    """Its hashes are right, but they are not those of the history."""
    champions = promote("tfidf-linear")
    follower = Follower(champions, min_confidence=0)
    folder = promote("nb-svm") / "current"
    for path in models("tfidf-linear").iterdir():
        shutil.copyfile(path, folder / path.name)
    follower.look()
    assert name(follower) == "tfidf-linear"
    assert follower.refused is not None
    assert "its manifests do not match their hashes in history.jsonl" in follower.refused


def test_champion_that_changes_while_it_is_loaded_is_not_used(
    promote: Promote, artifacts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower = Follower(promote("tfidf-linear"), min_confidence=0)
    promote("nb-svm")
    load = follower.load

    def load_slowly(place: following.Place) -> following.Loaded:
        loaded = load(place)
        with hold_champion(artifacts) as folder:
            roll_back(folder)
        return loaded

    monkeypatch.setattr(follower, "load", load_slowly)
    follower.look()
    assert name(follower) == "tfidf-linear"


def test_lack_of_memory_for_both_models_is_no_end(promote: Promote, monkeypatch: pytest.MonkeyPatch) -> None:
    follower = Follower(promote("tfidf-linear"), min_confidence=0)
    promote("nb-svm")

    def run_out(_: Path) -> None:
        raise MemoryError

    monkeypatch.setattr(following, "load_bundle", run_out)
    follower.look()
    assert follower.refused == "there is not enough memory for both models"


def test_single_model_stays(models: Models) -> None:
    follower = Follower(models("nb-svm"), min_confidence=0)
    follower.look()
    assert (name(follower), follower.refused) == ("nb-svm", None)


def test_server_does_not_start_with_a_damaged_model(promote: Promote) -> None:
    champions = promote("tfidf-linear")
    (champions / "current" / "model.npz").write_bytes(b"")
    with pytest.raises(UserError, match=r"model\.npz does not match its hash"):
        Follower(champions, min_confidence=0)
