"""The part of the data card about what somebody else has trained: an encoder, and the words that have a vector."""

from tasks.report.run.facts import RunMetrics
from tasks.report.run.tables import Table, make_table

EXPLANATION = (
    "Some models begin with pretrained word vectors from a file. Words that the file lacks begin with random numbers "
    "of the same spread."
)


def describe_vectors(metrics: RunMetrics) -> str:
    """Say how words get their vectors; empty for a run without a file of word vectors."""
    return EXPLANATION if metrics.run.vectors else ""


def describe_encoder(metrics: RunMetrics) -> str:
    """Say with which encoder models begin; empty for a run without one."""
    encoder = metrics.run.encoder
    return f"Some models begin with a pretrained encoder: {encoder.describe()}." if encoder else ""


def tabulate_vectors(metrics: RunMetrics) -> Table | None:
    """Which share of each encoding's words the file has."""
    rows = [
        {
            "encoding": encoding,
            "file": found.name,
            "numbers in a vector": f"{found.dim:,}",
            "vectors in the file": f"{found.num_rows:,}",
            "words of the vocabulary with one": f"{found.num_found:,} of {found.num_words:,}",
            "share of the training texts' words": f"{found.known_words:.1%}",
        }
        for encoding, found in metrics.run.vectors.items()
    ]
    return make_table(rows, texts=("file",))
