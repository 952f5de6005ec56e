"""Facts of the reviews are read back as they were written; those of another version are made anew."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tasks.ingest.facts import Duplicates, ReviewsFacts, RowCounts
from tasks.store.outputs import Output, explain_change, produce, read_manifest

FACTS = ReviewsFacts(
    dataset="films",
    label_names=["bad", "good"],
    num_reviews={"train": 3},
    counts={"train": {"bad": 1, "good": 2}},
    duplicates=Duplicates(within={"train": 1}, across={}, conflicting=0),
    warnings=["Beware."],
    rows=RowCounts(num_read=4, num_used=3, num_left_out=0, dropped={"blank text": 1}),
)
# What a manifest says that was written before the duplicates were counted.
OLD_FACTS = {name: value for name, value in FACTS.model_dump().items() if name != "duplicates"}


@pytest.fixture
def output(tmp_path: Path) -> Output[ReviewsFacts]:
    places = {"family": "reviews", "folder": "reviews/films-{fingerprint}"}
    return Output(
        root=tmp_path, kind="reviews", name="films", decided_by={"limit": 10}, facts_type=ReviewsFacts, **places
    )


def test_facts_are_read_back_from_the_manifest(output: Output[ReviewsFacts]) -> None:
    produce(output, lambda _folder: FACTS)
    assert read_manifest(output.path / "manifest.json", ReviewsFacts).facts == FACTS
    assert produce(output, lambda _folder: FACTS).manifest.facts.duplicates.within == {"train": 1}


def rewrite(output: Output[ReviewsFacts], **changes: Any) -> Path:
    """Publish an output and change its manifest, as an older version would have written it, without a checksum."""
    produce(output, lambda _folder: FACTS)
    path = output.path / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "checksum": None, **changes}))
    return path


def test_manifest_with_older_facts_is_made_anew(output: Output[ReviewsFacts]) -> None:
    path = rewrite(output, facts=OLD_FACTS)
    with pytest.raises(ValueError, match="duplicates"):
        read_manifest(path, ReviewsFacts)
    produced = produce(output, lambda _folder: FACTS)
    assert (produced.reused, produced.reason) == (False, "re-made: manifest.json could not be read")


def test_older_manifest_still_tells_what_has_changed(output: Output[ReviewsFacts]) -> None:
    rewrite(output, facts=OLD_FACTS, decided_by={"limit": 5})
    assert explain_change(output) == "limit 5 -> 10"


def test_facts_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        FACTS.dataset = "others"
