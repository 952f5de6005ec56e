"""The part of the data card about what models began with: vectors of words, embeddings of regions, an encoder."""

from tasks.report.run.facts import RunMetrics
from tasks.report.run.tables import Table, make_table

EXPLANATION = (
    "Some models begin with pretrained word vectors from a file. Words that the file lacks begin with random numbers "
    "of the same spread."
)

REGIONS = (
    "Some models read embeddings of regions, which are a few consecutive words each. These were learned without labels "
    "and are not trained further; the seconds that this took are not among those of a model."
)


def describe_vectors(metrics: RunMetrics) -> str:
    """Say how words get their vectors; empty for a run without a file of word vectors."""
    return EXPLANATION if metrics.run.vectors else ""


def describe_regions(metrics: RunMetrics) -> str:
    """Say which embeddings of regions models read, and from how many texts they were learned; empty without any."""
    sentences = [f"{variant} reads {found.describe()}." for variant, found in metrics.run.regions.items()]
    return " ".join([REGIONS, *sentences]) if sentences else ""


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
