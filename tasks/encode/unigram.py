"""Subword tokens by a unigram language model (Kudo 2018) over bytes, which the `sentencepiece` library learns.

The `tokenizers` library only splits texts by the model: its own training gives another vocabulary each time, even in
one thread. Because it works on bytes, it can encode every text.
"""

import io
from collections import Counter
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from typing import Final

import pyarrow as pa
from tokenizers import Tokenizer, models, pre_tokenizers

from tasks.encode.encodings import Encoding
from tasks.encode.padding import OOV_ID
from tasks.encode.subwords import prepare_bytes
from tasks.encode.words import OOV, PAD
from tasks.errors import UserError

PACKAGE: Final = "sentencepiece"
INSTALL: Final = 'pip install -e ".[unigram]"'
# The score of names that stand for no text: so low that no text is split into them.
NEVER: Final = -1e6
LONGEST_WORD: Final = 1_000_000


def check_sentencepiece() -> None:
    """Raise UserError if the library is not installed."""
    if find_spec(PACKAGE) is None:
        raise UserError(f"the encoding unigram needs the package {PACKAGE}; expected it. Install it: {INSTALL}")


def fit_unigram(batches: Iterable[pa.Array], encoding: Encoding) -> Tokenizer:
    """Learn at most `vocab_size` pieces, of which each byte is one. Raises UserError without the library."""
    check_sentencepiece()
    tokenizer = prepare_bytes(Tokenizer(models.Unigram()))
    words = count_words(batches, tokenizer)
    names = {PAD: NEVER, OOV: NEVER}
    pieces = learn_pieces(words, vocab_size=encoding.vocab_size) if words else {}
    vocabulary = names | add_bytes(pieces, at_most=encoding.vocab_size - len(names))
    tokenizer.model = models.Unigram(list(vocabulary.items()), unk_id=OOV_ID)
    return tokenizer


def add_bytes(pieces: Mapping[str, float], *, at_most: int) -> dict[str, float]:
    """Add each byte that is no piece as the least likely one, in the place of the least likely longer pieces."""
    missing = sorted(set(pre_tokenizers.ByteLevel.alphabet()) - set(pieces))
    longer = sorted((piece for piece in pieces if len(piece) > 1), key=lambda piece: (pieces[piece], piece))
    dropped = set(longer[: max(0, len(pieces) + len(missing) - at_most)])
    kept = {piece: score for piece, score in pieces.items() if piece not in dropped}
    return kept | dict.fromkeys(missing, min(pieces.values(), default=0.0))


def count_words(batches: Iterable[pa.Array], tokenizer: Tokenizer) -> Counter[str]:
    """Count the words of the texts, spelled in bytes."""
    words: Counter[str] = Counter()
    for texts in batches:
        for text in texts.to_pylist():
            found = tokenizer.pre_tokenizer.pre_tokenize_str(tokenizer.normalizer.normalize_str(text))
            words.update(word for word, _ in found)
    return words


def learn_pieces(words: Counter[str], *, vocab_size: int) -> dict[str, float]:
    """Learn pieces of words and their log probabilities; the vocabulary has two names besides."""
    import sentencepiece

    model = io.BytesIO()
    rows = sorted(words.items(), key=lambda row: (-row[1], row[0]))
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=(f"{word}\t{number}" for word, number in rows),
        input_format="tsv",
        model_writer=model,
        model_type="unigram",
        vocab_size=vocab_size,
        hard_vocab_limit=False,
        character_coverage=1.0,
        # Words are learned as they are: in bytes, with a sign for the space before them.
        normalization_rule_name="identity",
        add_dummy_prefix=False,
        remove_extra_whitespaces=False,
        split_by_whitespace=False,
        split_by_unicode_script=False,
        split_by_number=False,
        max_sentence_length=LONGEST_WORD,
        pad_id=0,
        unk_id=OOV_ID,
        bos_id=-1,
        eos_id=-1,
        # The sums of several threads would differ in their last digits.
        num_threads=1,
        minloglevel=2,
    )
    processor = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    learned = range(OOV_ID + 1, processor.get_piece_size())
    return {processor.id_to_piece(number): processor.get_score(number) for number in learned}
