"""Subword tokens: byte-pair encoding (Sennrich et al. 2016) over bytes, by the `tokenizers` library.

Because it works on bytes, it can encode every text: nothing is out of vocabulary.
"""

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from tasks.encode.encodings import Encoding
from tasks.encode.padding import Tokens
from tasks.encode.repeated_words import divide_repeated_words, divide_whole_texts
from tasks.encode.words import OOV, PAD

# In so many texts, enough words are repeated for their search to pay.
MANY_TEXTS: Final = 32


def fit_subwords(batches: Iterable[pa.Array], encoding: Encoding) -> Tokenizer:
    """Learn merges from the training texts until there are `vocab_size` tokens, or fewer if the texts yield fewer."""
    tokenizer = prepare_bytes(Tokenizer(models.BPE(unk_token=OOV)))
    trainer = trainers.BpeTrainer(
        vocab_size=encoding.vocab_size,
        special_tokens=[PAD, OOV],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator((texts.to_pylist() for texts in batches), trainer)
    return forget_special_tokens(tokenizer)


def prepare_bytes(tokenizer: Tokenizer) -> Tokenizer:
    """Let a tokenizer read texts in small letters as words of bytes, and spell tokens as text again."""
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def forget_special_tokens(tokenizer: Tokenizer) -> Tokenizer:
    """Keep the ids of padding and out-of-vocabulary, but treat their names as plain text if they occur in a review."""
    description = json.loads(tokenizer.to_str())
    description["added_tokens"] = []
    return Tokenizer.from_str(json.dumps(description))


def encode_subwords(texts: pa.Array, tokenizer: Tokenizer) -> Tokens:
    """Turn texts into token ids, on all cores."""
    divides_words = len(texts) >= MANY_TEXTS and reads_bytes(tokenizer)
    return (divide_repeated_words if divides_words else divide_whole_texts)(texts, tokenizer)


def reads_bytes(tokenizer: Tokenizer) -> bool:
    """Tell whether a tokenizer was made by `prepare_bytes`."""
    splits = tokenizer.pre_tokenizer
    return isinstance(splits, pre_tokenizers.ByteLevel) and splits.add_prefix_space and splits.use_regex


@lru_cache(maxsize=8)
def find_fragments(tokenizer: Tokenizer) -> NDArray[np.bool_]:
    """Tell which tokens are not whole characters, because their bytes are not UTF-8: shape (vocabulary size,)."""
    spelled = {chr(point): byte for byte, point in spell_bytes().items()}
    is_fragment = np.zeros(tokenizer.get_vocab_size(), np.bool_)
    for token, index in tokenizer.get_vocab().items():
        if token not in (PAD, OOV):
            content = bytes(spelled[letter] for letter in token)
            is_fragment[index] = "\ufffd" in content.decode(errors="replace")
    return is_fragment


def spell_bytes() -> dict[int, int]:
    """Return the code point by which byte-level tokens spell each byte: itself if it is visible, or one from 256 on.

    Source: https://github.com/openai/gpt-2/blob/master/src/encoder.py
    """
    visible = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in visible]
    return {byte: byte for byte in visible} | {byte: 0x100 + number for number, byte in enumerate(others)}
