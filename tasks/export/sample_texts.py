"""Texts that a model and its export are compared on, made of the model's own tokens, so that none is anybody's review.

Texts that are hard to encode follow them: a reader of another language can go wrong in each.
"""

from typing import Final

import numpy as np
from tokenizers import Tokenizer

from tasks.encode.encodings import OF_BYTES, Kind
from tasks.encode.words import OOV, PAD
from tasks.evaluate.bundle import Bundle
from tasks.evaluate.classifier import BaselineClassifier, Classifier, NeuralClassifier
from tasks.evaluate.ensemble import EnsembleClassifier
from tasks.export.tokenizers import make_unit_tokenizer

SEED: Final = 1
NUM_TEXTS: Final = 60
LONGEST: Final = 600
HARD_TEXTS: Final = (
    "unheard-of blorptastic words only",
    "It's bad!<br /><br />Really &amp; truly &quot;bad&quot; &amp;lt;b&amp;gt;",
    "<b>Bold</b> but 1 < 2 > 0, <3, and <unknown tag>",
    "CAPITALS, ΟΔΟΣ ΣΊΣΥΦΟΣ, İstanbul, Straße, ﬁlm, Ǆ",
    "nai\u0308ve na\u00efve e\u0301tude \u1e9e",
    "Don\u2019t don't do\u00adn't \u201cquoted\u201d\u2026 3.14 1,000 a.m.",
    "line one\r\nline two\rline three\ttab\x0bvertical\x0cform",
    "no\u00a0break\u2003em\u200bzero\u3000wide",
    "映画はとても良い。这部电影很好看\uff01영화가 좋아요 หนังดีมาก",
    "\U0001f44d\U0001f3fd \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea \u2764\ufe0f",
    "שלום עולם مرحبا بالعالم नमस्ते",
    "a" * 300,
    "very " * 500,
    "?!",
    "\u0301\u200d combining first",
    "<PAD> <OOV> [UNK] </s>",
)


def list_texts(bundle: Bundle) -> list[str]:
    """List the texts for a model: some made of its tokens, then the hard ones."""
    tokenizer, kind = find_tokens(bundle.classifier)
    return [*make_texts(tokenizer, kind), *HARD_TEXTS]


def find_tokens(classifier: Classifier) -> tuple[Tokenizer, Kind]:
    """Find the tokens of a model, or of the first member of an ensemble."""
    if isinstance(classifier, EnsembleClassifier):
        return find_tokens(classifier.members[0])
    if isinstance(classifier, BaselineClassifier):
        vocabulary = classifier.model.vocabulary
        return make_unit_tokenizer(vocabulary, vocabulary.unit), vocabulary.unit
    if not isinstance(classifier, NeuralClassifier):
        raise TypeError(f"{type(classifier).__name__} has no tokens")
    return classifier.tokenizer, classifier.encoding.kind


def make_texts(tokenizer: Tokenizer, kind: Kind) -> list[str]:
    """Make texts of random known tokens, of lengths from 1 to LONGEST; none if no token is known."""
    random = np.random.default_rng(SEED)
    known = sorted(index for token, index in tokenizer.get_vocab().items() if token not in (PAD, OOV))
    if not known:
        return []
    lengths = np.geomspace(1, LONGEST, NUM_TEXTS).astype(int)
    drawn = [random.choice(known, length).tolist() for length in lengths]
    if kind in OF_BYTES:
        return [tokenizer.decode(ids) for ids in drawn]
    separator = "" if kind == "characters" else " "
    return [separator.join(str(tokenizer.id_to_token(index)) for index in ids) for ids in drawn]
