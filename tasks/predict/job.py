"""Score a file: read, clean, encode and predict batch by batch, in memory that does not grow with the file."""

import resource
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

from tasks.errors import UserError
from tasks.evaluate.bundle import Bundle, find_bundle, identify_bundle, load_bundle, read_facts
from tasks.evaluate.facts import BundleFacts
from tasks.evaluate.identity import decide_prediction
from tasks.formatting.formulas import Formulas
from tasks.ingest.conservation import CountedRows
from tasks.ingest.files.notes import Notes
from tasks.ingest.files.options import FileOptions, split_path
from tasks.predict.database import fetched_head
from tasks.predict.facts import ScoringFacts
from tasks.predict.parts import list_parts, open_parts, publish, read_parts, write_part
from tasks.predict.reading import Taken, hash_input, peek_columns, take_rows
from tasks.predict.scoring import Additions, Cleaned, clean_rows, describe_additions, score_rows
from tasks.predict.summary import Summary
from tasks.predict.writers import find_writer
from tasks.process.threads import map_ahead
from tasks.store.fingerprint import fingerprint

SCORE: Final = "tasks.predict.job:score_file"
KIBIBYTES_PER_MEBIBYTE: Final = 1024


@dataclass(frozen=True, kw_only=True)
class Job:
    """What to score, with which model and options, and where to write the result; with `url`, rows of a database."""

    files: FileOptions
    url: str | None = None
    model_folder: Path
    output: Path
    prefix: str = ""
    min_confidence: float = 0.0
    explain: bool = False
    escape_formulas: bool = False

    def decide_parts(self) -> dict[str, Any]:
        """List everything that decides the scored rows, as plain JSON."""
        return {
            "input": hash_input(self.files),
            "files": {**self.files.describe(), "label_column": None},
            "name": self.files.path.name,
            "model": identify_bundle(find_bundle(self.model_folder)),
            "prefix": self.prefix,
            "min_confidence": self.min_confidence,
            "explain": self.explain,
            **decide_prediction(SCORE, kind=read_facts(find_bundle(self.model_folder)).kind, kernels="auto"),
        }

    def describe_additions(self, facts: BundleFacts) -> Additions:
        """Describe the columns that the model adds; `facts` is the content of its bundle.json."""
        return describe_additions(facts, prefix=self.prefix, min_confidence=self.min_confidence, explain=self.explain)


class Listener:
    """Receives the progress of a scoring run; this base class ignores it."""

    def on_start(self, num_parts: int) -> None:
        """Receive the number of parts that an interrupted run has left; called once."""

    def on_progress(self, num_rows: int, seconds: float) -> None:
        """Receive the number of rows scored so far and the seconds that they took; called after each part."""


def check_job(job: Job) -> None:
    """Raise UserError for problems that show in the bundle or the first rows of the input; takes about a second."""
    find_writer(job.output)
    folder = find_bundle(job.model_folder)
    facts = read_facts(folder)
    additions = job.describe_additions(facts)
    if job.output.is_dir():
        raise UserError(
            f"--output {str(job.output)!r} is a folder; expected the name of a file. Choose one that does not exist."
        )
    with fetched_head(job.files, job.url) as files:
        peeked = peek_columns(tell_of_training(files, facts))
    if job.url is None and job.output.exists() and any(map(job.output.samefile, split_path(job.files.path))):
        raise UserError(
            f"--output {str(job.output)!r} is the input; expected another file. The input is never changed, so "
            "choose another name."
        )
    additions.check_names(peeked.names, job.files.path.name)


def tell_of_training(files: FileOptions, facts: BundleFacts) -> FileOptions:
    """Say what a model knows of how its data were read: its labels, and the text columns that were chosen."""
    found = (facts.dataset.file_options or {}).get("text_columns")
    texts = tuple(map(str, found)) if isinstance(found, list) else ()
    return replace(files, model_labels=facts.label_names, model_texts=texts)


def score_file(job: Job, *, listener: Listener) -> ScoringFacts:
    """Write every row of the input with its score to the output; return counts, metrics and how long it took.

    If the same input was being scored by the same model and was interrupted, this resumes where it stopped. Raises
    UserError for a bundle that was changed after it was made and for input that cannot be read.
    """
    bundle = load_bundle(job.model_folder)
    # The champion may change in the meantime, but the parts belong to the model that was loaded.
    job = replace(job, model_folder=bundle.folder, files=tell_of_training(job.files, bundle.facts))
    additions = job.describe_additions(bundle.facts)
    files = replace(job.files, text_columns=peek_columns(job.files).text_columns)
    folder = open_parts(job.output, fingerprint(job.decide_parts()))
    num_parts = len(list_parts(folder))
    listener.on_start(num_parts)
    started, num_rows = time.perf_counter(), 0
    counted, notes = CountedRows(take_rows(files, files.text_columns)), Notes(job.files.path.name)
    batches = islice(noted(counted, notes), num_parts, None)
    for number, (taken, cleaned) in enumerate(map_ahead(partial(prepare, bundle=bundle), batches), start=num_parts):
        additions.check_names(taken.rows.columns.schema.names, job.files.path.name)
        added = score_rows(cleaned, bundle, additions)
        write_part(folder, number, taken.rows.columns, added, lines=taken.lines)
        num_rows += len(added)
        listener.on_progress(num_rows, time.perf_counter() - started)
    summary = Summary(additions, job.files.path, job.files.label_column)
    num_added = len(additions.schema)
    parts = summary.watch(read_parts(folder, num_added=num_added), num_read=counted.num_rows)
    formulas = Formulas(escape=job.escape_formulas)
    publish(folder, job.output, parts, num_added=num_added, formulas=formulas)
    seconds = time.perf_counter() - started
    return ScoringFacts(
        **dict(summary.describe(bundle.facts)),
        num_rows_read=counted.num_rows,
        warnings=(*notes.describe(), *formulas.describe()),
        num_rows_resumed=summary.num_rows - num_rows,
        seconds=seconds,
        rows_per_second=num_rows / seconds,
        peak_memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // KIBIBYTES_PER_MEBIBYTE,
    )


def noted(batches: Iterable[Taken], notes: Notes) -> Iterator[Taken]:
    """Pass batches on and add up their notes."""
    for taken in batches:
        notes.add(taken.rows.notes)
        yield taken


def prepare(taken: Taken, *, bundle: Bundle) -> tuple[Taken, Cleaned]:
    """Clean and encode a batch of rows; called in a thread."""
    return taken, clean_rows(taken, bundle)
