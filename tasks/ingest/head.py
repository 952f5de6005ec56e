"""The beginning of labelled files: what it shows to be wrong is told before anything slow starts."""

import math

from tasks.ingest.files.options import FileOptions
from tasks.ingest.files.reading import HEAD_BYTES
from tasks.ingest.labels import LabelIndex, check_classes_are_few
from tasks.ingest.losses import SEVERAL, Losses
from tasks.ingest.sources.base import Part
from tasks.ingest.sources.labelled_files import open_files


def check_heads(options: FileOptions) -> bool:
    """Check the first megabytes of each file; returns whether that is all of them.

    Raises UserError for what cannot be read, for labels that are no classes whatever follows, and for too large a share
    of rows with several labels.
    """
    are_whole = [check_head(part, options) for part in open_files(options)]
    return all(are_whole)


def check_head(part: Part, options: FileOptions) -> bool:
    """Check the first megabytes of a file, as `check_heads` does."""
    index, losses, num_bytes = LabelIndex(), Losses(part.name), 0
    for rows in part.read():
        index.encode(rows.labels.drop_null())
        check_classes_are_few(list(index.codes), math.inf)
        losses.sift(rows)
        num_bytes += rows.texts.nbytes
        if num_bytes > HEAD_BYTES:
            if losses.counts[SEVERAL] > options.max_dropped_share * losses.num_rows:
                losses.check_share(options.max_dropped_share)
            return False
    return True
