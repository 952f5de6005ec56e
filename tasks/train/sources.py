"""Fit variants and encodings to what somebody else has trained: word vectors of a file, or an encoder."""

from dataclasses import replace

from tasks.encode.encodings import PRETRAINED, Encoding, fit_to_encoder
from tasks.encoders.facts import EncoderFacts
from tasks.train.variants import Variant
from tasks.vectors.facts import VectorFacts


def fit_variant(variant: Variant, vectors: VectorFacts | None, encoder: EncoderFacts | None) -> Variant:
    """Return a variant with vectors of the length that they have, and the number of parameters that follows."""
    if vectors:
        return variant.widen(vectors.dim)
    if encoder:
        num_params = encoder.dim + 1 + (encoder.num_params if variant.encoder == "fine-tuned" else 0)
        return replace(variant, embedding_dim=encoder.dim, num_params=num_params)
    return variant


def fit_encoding(encoding: Encoding, encoder: EncoderFacts | None) -> Encoding:
    """Return an encoding by the tokens of an encoder as this one has them; others stay as they are."""
    if encoding.kind != PRETRAINED or encoder is None:
        return encoding
    return fit_to_encoder(encoding, vocab_size=encoder.vocab_size, most_tokens=encoder.most_tokens)
