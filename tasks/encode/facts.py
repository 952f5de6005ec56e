"""What the manifest of an encoding says about it."""

from tasks.store.facts import Facts


class TokenTotals(Facts):
    """Tokens of a split before truncation, how many of them are unknown, and how many reviews are truncated."""

    num_tokens: int
    num_oov: int
    num_truncated: int


class EncodingFacts(Facts):
    """The size of the vocabulary, and the token totals by split."""

    vocab_size: int
    splits: dict[str, TokenTotals]
