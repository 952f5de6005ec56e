"""Fit a tokenizer on the training split and write every split's sequences to Parquet, batch by batch."""

from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from tokenizers import Tokenizer

from tasks.encode.characters import encode_characters, fit_characters
from tasks.encode.encodings import OF_BYTES, PRETRAINED, Encoding
from tasks.encode.facts import EncodingFacts, TokenTotals
from tasks.encode.padding import OOV_ID, PAD_ID, mark_wordless, pad_tokens
from tasks.encode.pretrained import find_frame, frame_texts
from tasks.encode.repeated_words import divide_whole_texts
from tasks.encode.subwords import encode_subwords, find_fragments, fit_subwords
from tasks.encode.unicode_words import encode_unicode_words, fit_unicode_words
from tasks.encode.unigram import fit_unigram
from tasks.encode.unknown import find_largest_share
from tasks.encode.words import PAD, encode_words, fit_words
from tasks.ingest.batches import read_batches
from tasks.process.threads import map_ahead
from tasks.store.layout import SPLIT_FILES, SPLITS, TRAIN_FILE

# Larger sequences are memory-mapped from disk: a million reviews of 120 words take 240 MB.
MEMORY_BUDGET: Final = 128 * 1024**2
FIT: Final = {
    "words": fit_words,
    "unicode-words": fit_unicode_words,
    "characters": fit_characters,
    "subwords": fit_subwords,
    "unigram": fit_unigram,
}
ENCODE: Final = {
    "words": encode_words,
    "unicode-words": encode_unicode_words,
    "characters": encode_characters,
    "subwords": encode_subwords,
    "unigram": encode_subwords,
    "pretrained": divide_whole_texts,
}


class EncodedSplit(NamedTuple):
    """What the tokens of a split come to, and the largest share of unknown ones in a review."""

    totals: TokenTotals
    most_unknown: float


def write_encoding(
    reviews_folder: Path, encoding: Encoding, folder: Path, *, tokenizer_path: Path | None = None
) -> EncodingFacts:
    """Write tokenizer.json and {train,validation,test}.parquet under `folder`; return vocabulary size and token counts.

    Only the training split is read for fitting, so no word of the other splits can reach the vocabulary. The tokenizer
    of a pretrained encoder is a file.
    """
    if tokenizer_path:
        tokenizer = fix_length(Tokenizer.from_file(str(tokenizer_path)), encoding)
    else:
        tokenizer = fit_tokenizer(reviews_folder / TRAIN_FILE, encoding)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=True)
    written = {
        split: write_sequences(reviews_folder / SPLIT_FILES[split], tokenizer, encoding, folder / SPLIT_FILES[split])
        for split in SPLITS
    }
    return EncodingFacts(
        vocab_size=tokenizer.get_vocab_size(),
        splits={split: found.totals for split, found in written.items()},
        most_unknown=written["train"].most_unknown,
    )


def fit_tokenizer(path: Path, encoding: Encoding) -> Tokenizer:
    """Fit a tokenizer on one file of reviews."""
    texts = (batch.column("text") for batch in read_batches(path, columns=["text"]))
    return fix_length(FIT[encoding.kind](texts, encoding), encoding)


def fix_length(tokenizer: Tokenizer, encoding: Encoding) -> Tokenizer:
    """Let a tokenizer truncate and pad as the encoding says, as it is saved."""
    tokenizer.enable_truncation(encoding.length, direction="right")
    tokenizer.enable_padding(
        length=encoding.length, direction="left" if encoding.padding == "pre" else "right", pad_id=PAD_ID, pad_token=PAD
    )
    return tokenizer


def load_tokenizer(path: Path) -> Tokenizer:
    """Load a saved tokenizer for `encode_texts`."""
    return forget_length(Tokenizer.from_file(str(path)))


def forget_length(tokenizer: Tokenizer) -> Tokenizer:
    """Make a tokenizer return all tokens, because they are counted before truncation."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def encode_texts(texts: pa.Array, tokenizer: Tokenizer, encoding: Encoding) -> dict[str, NDArray[Any]]:
    """Encode texts: `tokens` (num_texts, length), `num_tokens` before truncation and, of them, two counts (num_texts,).

    `num_oov` are out of vocabulary, which no subword is. `num_unknown` also has subwords that are a part of a
    character, into which only characters that the training texts lack are divided.
    """
    found = ENCODE[encoding.kind](texts, tokenizer)
    num_oov = num_unknown = found.count_where(found.ids == OOV_ID)
    if encoding.kind in OF_BYTES:
        num_unknown = found.count_where(find_fragments(tokenizer)[found.ids])
    read, num_added = found, 0
    if encoding.kind == PRETRAINED:
        frame = find_frame(tokenizer)
        read, num_added = frame_texts(found, frame, length=encoding.length), frame.size
    return {
        "tokens": pad_tokens(read, length=encoding.length, padding=encoding.padding),
        "num_tokens": (found.num_tokens + num_added).astype(np.int32),
        "num_oov": num_oov,
        "num_unknown": num_unknown,
    }


def write_sequences(source: Path, tokenizer: Tokenizer, encoding: Encoding, target: Path) -> EncodedSplit:
    """Encode one split; return what its tokens come to."""
    untruncated = forget_length(Tokenizer.from_str(tokenizer.to_str()))
    schema = sequence_schema(encoding)
    num_tokens = num_oov = num_truncated = 0
    most_unknown = 0.0
    batches = read_batches(source, columns=["id", "text", "label"])
    # The file is always read as a whole, and its integers are small already.
    with pq.ParquetWriter(target, schema, compression="zstd", use_dictionary=False, write_statistics=False) as writer:
        for rows, largest_share in map_ahead(partial(encode_batch, tokenizer=untruncated, encoding=encoding), batches):
            writer.write_batch(rows)
            most_unknown = max(most_unknown, largest_share)
            lengths = rows.column("num_tokens").to_numpy()
            num_tokens += int(lengths.sum())
            num_oov += int(rows.column("num_oov").to_numpy().sum())
            num_truncated += int((lengths > encoding.length).sum())
    return EncodedSplit(TokenTotals(num_tokens=num_tokens, num_oov=num_oov, num_truncated=num_truncated), most_unknown)


def write_more_sequences(source: Path, tokenizer_path: Path, encoding: Encoding, target: Path) -> TokenTotals:
    """Encode more texts with a tokenizer that is fitted already, as `write_sequences` does."""
    return write_sequences(source, Tokenizer.from_file(str(tokenizer_path)), encoding, target).totals


def encode_batch(batch: pa.RecordBatch, *, tokenizer: Tokenizer, encoding: Encoding) -> tuple[pa.RecordBatch, float]:
    """Turn rows of reviews into rows of sequences; also return the largest share of unknown tokens in a review."""
    schema = sequence_schema(encoding)
    found = encode_texts(batch.column("text"), tokenizer, encoding)
    tokens = pa.array(found["tokens"].ravel().astype(schema.field("tokens").type.value_type.to_pandas_dtype()))
    columns = [
        batch.column("id"),
        batch.column("label"),
        pa.FixedSizeListArray.from_arrays(tokens, encoding.length),
        pa.array(found["num_tokens"]),
        pa.array(found["num_oov"]),
    ]
    return pa.record_batch(columns, schema=schema), find_largest_share(found["num_tokens"], found["num_unknown"])


def sequence_schema(encoding: Encoding) -> pa.Schema:
    """Describe the Parquet columns, with the smallest integers that hold the vocabulary."""
    smallest = pa.from_numpy_dtype(np.min_scalar_type(encoding.vocab_size - 1))
    return pa.schema(
        [
            ("id", pa.string()),
            ("label", pa.int32()),
            ("tokens", pa.list_(smallest, encoding.length)),
            ("num_tokens", pa.int32()),
            ("num_oov", pa.int32()),
        ]
    )


def read_sequences(
    *paths: Path, scratch: Path | None = None, budget: int = MEMORY_BUDGET
) -> tuple[NDArray[Any], NDArray[np.int32]]:
    """Load one split for a model: tokens of shape (num_reviews, length) and labels of shape (num_reviews,).

    The rows of several files follow each other; they must be of the same encoding. No row is all padding (see
    `mark_wordless`). If a folder `scratch` is given, tokens of more than `budget` bytes are unpacked to a file in it
    and memory-mapped, so that only the labels, of 4 bytes each, take memory that grows with the corpus.
    """
    kind = pq.read_schema(paths[0]).field("tokens").type
    num_reviews = sum(pq.read_metadata(path).num_rows for path in paths)
    shape, dtype = (num_reviews, kind.list_size), kind.value_type.to_pandas_dtype()
    if scratch is None or np.prod(shape, dtype=np.int64) * np.dtype(dtype).itemsize <= budget:
        tokens = np.empty(shape, dtype)
    else:
        scratch.mkdir(parents=True, exist_ok=True)
        name = "-".join(path.stem for path in paths)
        tokens = np.lib.format.open_memmap(scratch / f"{name}.npy", mode="w+", dtype=dtype, shape=shape)
    labels, first = np.empty(len(tokens), np.int32), 0
    for batch in chain.from_iterable(read_batches(path, columns=["tokens", "label"]) for path in paths):
        rows = slice(first, first + len(batch))
        tokens[rows] = mark_wordless(batch.column("tokens").flatten().to_numpy().reshape(len(batch), -1))
        labels[rows] = batch.column("label").to_numpy()
        first += len(batch)
    return tokens, labels
