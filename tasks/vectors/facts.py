"""What the manifest of word vectors says about them."""

from tasks.store.facts import Facts


class VectorFacts(Facts):
    """How many words of a vocabulary a file of word vectors knows, and how many rows it has.

    `name` and `sha256` are those of the file, and `dim` is the number of numbers in a vector. `known_words` is the
    share of the words in the training texts, as far as a model reads them, that have a vector.
    """

    name: str
    sha256: str
    dim: int
    num_rows: int
    num_words: int
    num_found: int
    known_words: float

    def describe(self) -> str:
        """Describe them in a sentence: "x.vec has vectors of 300 numbers for 9,600 of the 9,998 words that ..."."""
        return (
            f"{self.name} has vectors of {self.dim:,} numbers for {self.num_found:,} of the {self.num_words:,} words "
            f"of the vocabulary, which are {self.known_words:.1%} of the words that are read in the training texts"
        )
