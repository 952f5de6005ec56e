"""Generated texts: where the word that decides stands, and what no model can know that does not read the order."""

import hashlib
from collections import Counter
from itertools import islice, pairwise

import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from tasks.ingest.sources.recall import (
    BAG_CEILINGS,
    COUNTRIES,
    DISTANCES,
    LANGUAGES,
    NUM_CLASSES,
    TASKS,
    Recall,
    Task,
    count_words,
    find_distance,
    parse_name,
)
from tasks.ingest.sources.recall_texts import CLAUSES, ENDING, GAP, PLACE, SLOTS, generate_texts

NUM_TEXTS = 200
NUM_FITTED = 4_000
WINDOW = 5
SHA256 = "b6fe55f29df1c0d598d697445e10e7258e12c1c468b740738799cbc4ea67bb1d"


def open_dataset(name: str) -> Recall:
    recall = parse_name(name)
    assert recall is not None
    return recall


def take(name: str, num_texts: int = NUM_TEXTS, split: str = "train") -> list[tuple[str, int]]:
    return list(islice(generate_texts(open_dataset(name), split), num_texts))


def find_countries(text: str) -> list[int]:
    return [index for index, word in enumerate(text.split()) if word in LANGUAGES]


def test_texts_are_the_same_on_every_machine() -> None:
    digest = hashlib.sha256()
    for task in TASKS:
        for text, label in take(f"recall-{task}-40"):
            digest.update(f"{label}\t{text}\n".encode())
    assert digest.hexdigest() == SHA256


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("task", TASKS)
def test_every_text_has_the_same_number_of_words(task: Task, distance: int) -> None:
    assert {len(text.split()) for text, _ in take(f"recall-{task}-{distance}")} == {count_words(distance)}


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("task", ["plain", "decoys"])
def test_country_where_i_lived_decides_at_its_distance_from_the_end(task: Task, distance: int) -> None:
    for text, label in take(f"recall-{task}-{distance}"):
        words = text.split()
        assert words[-distance] == COUNTRIES[label]
        assert words[-distance - 3 : -distance] == ["I", "lived", "in"]
        assert words[-len(ENDING) :] == ENDING
        assert find_distance(text) == distance


@pytest.mark.parametrize("distance", DISTANCES)
def test_later_of_two_countries_decides_at_its_distance_from_the_end(distance: int) -> None:
    for text, label in take(f"recall-order-{distance}"):
        words = text.split()
        assert words[-distance] == COUNTRIES[label]
        assert [words[index] for index in find_countries(text)] == [COUNTRIES[1 - label], COUNTRIES[label]]
        assert find_distance(text) == distance


@pytest.mark.parametrize("distance", [distance for distance in DISTANCES if count_words(distance) == 120])
def test_country_follows_the_missing_word_at_its_distance(distance: int) -> None:
    for text, label in take(f"recall-later-{distance}"):
        assert find_countries(text) == [PLACE + distance]
        assert text.split()[PLACE + distance] == COUNTRIES[label]
        assert PLACE > 0
        assert PLACE + distance < len(text.split()) - 1


@pytest.mark.parametrize("task", ["plain", "later"])
def test_one_country_is_named(task: Task) -> None:
    assert {len(find_countries(text)) for text, _ in take(f"recall-{task}-20")} == {1}


@pytest.mark.parametrize("distance", DISTANCES)
def test_with_decoys_every_country_is_named_once_and_each_by_another_person(distance: int) -> None:
    for text, _ in take(f"recall-decoys-{distance}"):
        words = text.split()
        places = find_countries(text)
        assert sorted(words[index] for index in places) == sorted(COUNTRIES)
        people = [words[index - 3] for index in places]
        assert len(set(people)) == len(COUNTRIES)
        assert people.count("I") == 1


def test_decoys_stand_on_both_sides_where_there_is_room() -> None:
    before = Counter(sum(index < 120 - 40 for index in find_countries(text)) for text, _ in take("recall-decoys-40"))
    assert len(before) > 3


@pytest.mark.parametrize("distance", [10, 40, 110, 380])
def test_no_window_of_five_words_shows_both_countries_or_which_is_last(distance: int) -> None:
    """Nor do windows around both share a word, where the text has room for that."""
    for text, _ in take(f"recall-order-{distance}"):
        first, last = find_countries(text)
        words = text.split()
        assert last - first > WINDOW
        assert len(words) - len(ENDING) - last > WINDOW - 1
        assert first >= WINDOW - 1
        assert words[first - 1] == words[last - 1] == "in"
        if distance < 110:
            assert last - first == GAP >= 2 * WINDOW


def test_filler_begins_and_ends_anywhere_in_its_clauses() -> None:
    """Otherwise what stands beside a country would tell how much filler there is around it."""
    firsts = Counter(text.split()[0] for text, _ in take("recall-order-20", 500))
    lasts = Counter(text.split()[-len(ENDING) - 1] for text, _ in take("recall-order-20", 500))
    assert len(firsts) > 40
    assert len(lasts) > 40


def test_filler_names_no_country_and_nobody() -> None:
    words = {word for clause in CLAUSES for word in clause.split()} | {word for slot in SLOTS.values() for word in slot}
    assert not words & {*LANGUAGES, *LANGUAGES.values(), "I", "my", "lived", "in"}


@pytest.mark.parametrize("task", TASKS)
def test_labels_are_balanced_and_mixed(task: Task) -> None:
    labels = [label for _, label in take(f"recall-{task}-10", 1_000)]
    counts = Counter(labels)
    assert set(counts) == set(range(NUM_CLASSES[task]))
    assert max(counts.values()) < 1.4 * min(counts.values())
    assert any(first == second for first, second in pairwise(labels))


def test_splits_share_no_text() -> None:
    splits = [{text for text, _ in take("recall-order-40", split=split)} for split in ("train", "validation", "test")]
    assert len(set.union(*splits)) == 3 * NUM_TEXTS


def test_dataset_up_to_a_distance_trains_below_and_tests_beyond() -> None:
    train = {find_distance(text) for text, _ in take("recall-plain-upto-40")}
    test = {find_distance(text) for text, _ in take("recall-plain-upto-40", split="test")}
    assert train == {5, 10, 20, 40}
    assert test == {5, 10, 20, 40, 80, 110}


@pytest.mark.parametrize("name", ["recall", "recall-order", "recall-order-13", "recall-orders-10", "sample"])
def test_other_names_are_no_dataset_of_these(name: str) -> None:
    assert parse_name(name) is None


@pytest.mark.parametrize("task", TASKS)
def test_bag_of_words_reaches_its_ceiling_and_no_more(task: Task) -> None:
    """Logistic regression on the counts of words, within four standard errors of the test texts."""
    train, test = take(f"recall-{task}-40", NUM_FITTED), take(f"recall-{task}-40", 1_000, "test")
    vectorizer = CountVectorizer(lowercase=False, token_pattern=r"\S+")
    model = LogisticRegression(C=0.1, max_iter=1_000)
    model.fit(vectorizer.fit_transform([text for text, _ in train]), [label for _, label in train])
    accuracy = model.score(vectorizer.transform([text for text, _ in test]), [label for _, label in test])
    ceiling = BAG_CEILINGS[task]
    spread = 4 * (ceiling * (1 - ceiling) / len(test)) ** 0.5
    assert accuracy == pytest.approx(ceiling, abs=max(spread, 0.001))
