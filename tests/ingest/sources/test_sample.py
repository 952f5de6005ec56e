"""The built-in sample is the same everywhere, balanced, without duplicates, and its labels hang on word order."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from tasks.ingest.sources.sample import LABEL_NAMES, NUM_REVIEWS, generate_reviews
from tasks.ingest.sources.sample_grammar import ADJECTIVES, VERBS

Reviews = list[tuple[str, int]]

SHA256 = "9f20e7b917b699286f6b520275c4542a2abde07070d0a1e818cc3561769f88a8"
NUM_WORDS_READ = 120
CUES = {"although", "but", "expected", "hardly", "never", "nobody", "not", "said"}
POLARITY = {word: label for label in (0, 1) for word in (*ADJECTIVES[label], *VERBS[label])}


@pytest.fixture(scope="module")
def corpus() -> dict[str, Reviews]:
    return {split: list(generate_reviews(split)) for split in NUM_REVIEWS}


def test_corpus_is_the_same_on_every_machine(corpus: dict[str, Reviews]) -> None:
    digest = hashlib.sha256()
    for split in ("train", "test"):
        for text, label in corpus[split]:
            digest.update(f"{label}\t{text}\n".encode())

    assert digest.hexdigest() == SHA256


def test_second_reading_does_not_depend_on_the_first() -> None:
    first, second = generate_reviews("test"), generate_reviews("test")

    assert [next(first) for _ in range(20)] == [next(second) for _ in range(20)]


@pytest.mark.parametrize("split", ["train", "test"])
def test_labels_are_balanced_and_mixed(corpus: dict[str, Reviews], split: str) -> None:
    labels = [label for _, label in corpus[split]]

    assert len(labels) == NUM_REVIEWS[split]
    assert Counter(labels) == dict.fromkeys(range(len(LABEL_NAMES)), NUM_REVIEWS[split] // 2)
    assert 60 < sum(labels[:200]) < 140


def test_lengths_spread_like_real_reviews(corpus: dict[str, Reviews]) -> None:
    lengths = sorted(len(text.split()) for reviews in corpus.values() for text, _ in reviews)

    assert lengths[0] >= 30
    assert lengths[-1] <= 300
    assert 120 < lengths[len(lengths) // 2] < 170
    assert lengths[len(lengths) // 10] < 80
    assert lengths[len(lengths) * 9 // 10] > 220


def test_no_text_stands_twice(corpus: dict[str, Reviews]) -> None:
    texts = [text for reviews in corpus.values() for text, _ in reviews]

    assert len(set(texts)) == len(texts)


def test_text_reads_as_sentences(corpus: dict[str, Reviews]) -> None:
    for text, _ in corpus["test"]:
        assert text.isascii()
        assert text.endswith(".")
        assert not set(text) & set("{}<>\n")
        assert "  " not in text
        assert all(sentence[0].isupper() for sentence in text.split(". "))


def test_article_fits_the_word_after_it(corpus: dict[str, Reviews]) -> None:
    words = [text.split() for text, _ in corpus["test"]]
    followers = {after for review in words for word, after in pairwise(review) if word == "a"}

    assert not {follower for follower in followers if follower[0] in "aeiou"}


def test_vocabulary_outgrows_the_models(corpus: dict[str, Reviews]) -> None:
    train, test = ({word for text, _ in corpus[split] for word in list_words(text)} for split in ("train", "test"))

    assert len(train) > 10_000
    assert test - train


def test_words_without_order_say_less_than_words_in_order(corpus: dict[str, Reviews]) -> None:
    unordered, ordered = score(corpus, count_opinion_words), score(corpus, count_opinions_in_context)

    assert 0.75 < unordered < 0.85
    assert 0.91 < ordered < 0.98


def list_words(text: str) -> list[str]:
    return text.lower().replace(".", " ").replace(",", " ").split()


def count_opinion_words(text: str) -> Iterator[str]:
    """All that a bag of words can use: each word that praises or blames."""
    return (word for word in list_words(text) if word in POLARITY)


def count_opinions_in_context(text: str) -> Iterator[str]:
    """The same words as praise or blame, with their sentence's cues, how many come before, and the clause's number."""
    for sentence in text.split(". "):
        cues = " ".join(word for word in list_words(sentence) if word in CUES)
        num_before = 0
        for number, clause in enumerate(sentence.split(",")):
            for word in list_words(clause):
                num_before += word in CUES
                if word in POLARITY:
                    yield f"{cues}|{num_before}|{number}|{POLARITY[word]}"


def score(corpus: dict[str, Reviews], features: Callable[[str], Iterator[str]]) -> float:
    """Accuracy on test of a logistic regression that counts features in the words that the models read."""
    vectorizer = DictVectorizer()
    rows = {
        split: [Counter(features(" ".join(text.split()[:NUM_WORDS_READ]))) for text, _ in reviews]
        for split, reviews in corpus.items()
    }
    labels = {split: [label for _, label in reviews] for split, reviews in corpus.items()}
    model = LogisticRegression(max_iter=500).fit(vectorizer.fit_transform(rows["train"]), labels["train"])
    return float(model.score(vectorizer.transform(rows["test"]), labels["test"]))
