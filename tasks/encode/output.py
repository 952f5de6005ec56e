"""Padded sequences as an output: where they go, what decides them, and how they are made."""

from pathlib import Path
from typing import Any, Final

from tasks.encode.encodings import Encoding, restore_encoding
from tasks.encode.facts import EncodingFacts, TokenTotals
from tasks.encode.sequences import write_encoding, write_more_sequences
from tasks.encode.unigram import check_sentencepiece
from tasks.ingest.facts import ReviewsManifest, UnlabelledManifest
from tasks.store.fingerprint import library_versions
from tasks.store.layout import ENCODINGS, UNLABELLED, UNLABELLED_FILE
from tasks.store.outputs import Manifest, Output, Plan
from tasks.store.remembered import describe_code

WRITE: Final = "tasks.encode.sequences:write_encoding"
WRITE_MORE: Final = "tasks.encode.sequences:write_more_sequences"
TOKENIZER: Final = "tokenizer.json"
LIBRARIES: Final = ("pyarrow", "tokenizers", "numpy")
LIBRARIES_OF_UNIGRAM: Final = (*LIBRARIES, "sentencepiece")


def plan_encoding(
    reviews: ReviewsManifest, encoding: Encoding, *, data_dir: Path, encoder: Manifest[Any] | None = None
) -> Plan[EncodingFacts]:
    """Plan a tokenizer that is fitted on the training split, or that of an encoder, and the sequences of every split.

    Raises UserError for a kind of encoding whose library is not installed.
    """
    is_unigram = encoding.kind == "unigram"
    if is_unigram:
        check_sentencepiece()
    output = Output(
        root=data_dir,
        kind="encoding",
        name=encoding.name,
        family=ENCODINGS,
        folder=f"{ENCODINGS}/{encoding.name}-{{fingerprint}}",
        facts_type=EncodingFacts,
        decided_by={
            "encoding": encoding.settings(),
            "reviews": {name: record.sha256 for name, record in reviews.files.items()},
            **({"tokenizer": encoder.files[TOKENIZER].sha256} if encoder else {}),
            "code": describe_code(WRITE),
            "libraries": library_versions(*(LIBRARIES_OF_UNIGRAM if is_unigram else LIBRARIES)),
        },
    )
    path = data_dir / encoder.folder / TOKENIZER if encoder else None
    return output, lambda folder: write_encoding(data_dir / reviews.folder, encoding, folder, tokenizer_path=path)


def plan_unlabelled_sequences(
    texts: UnlabelledManifest, encoded: Manifest[EncodingFacts], *, data_dir: Path
) -> Plan[TokenTotals]:
    """Plan the sequences of texts without labels; the tokenizer is that of the labelled ones, which alone it knows."""
    encoding = restore_encoding(encoded.name, encoded.decided_by["encoding"])
    output = Output(
        root=data_dir,
        kind="encoding",
        name=f"{encoding.name}-{UNLABELLED}",
        family=ENCODINGS,
        folder=f"{ENCODINGS}/{encoding.name}-{UNLABELLED}-{{fingerprint}}",
        facts_type=TokenTotals,
        decided_by={
            "encoding": encoding.settings(),
            "tokenizer": encoded.files[TOKENIZER].sha256,
            "texts": texts.content_hash,
            "code": describe_code(WRITE_MORE),
            "libraries": library_versions(*LIBRARIES),
        },
    )

    def make(folder: Path) -> TokenTotals:
        source, tokenizer = data_dir / texts.folder / UNLABELLED_FILE, data_dir / encoded.folder / TOKENIZER
        return write_more_sequences(source, tokenizer, encoding, folder / UNLABELLED_FILE)

    return output, make
