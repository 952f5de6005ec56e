"""The folder of an audit of labels: written whole or not at all, and found as label-errors/latest or by its reviews."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from tasks.audit.facts import FILE, LIST_FILE, LabelErrors
from tasks.errors import UserError
from tasks.formatting.formulas import Formulas
from tasks.report.audit.content import render_audit_markdown
from tasks.report.audit.facts import AuditSection
from tasks.report.audit.page import render_audit_page
from tasks.report.run.folder import receive_latest, share, written_whole
from tasks.store.layout import LABEL_ERRORS
from tasks.store.sums import check_sum

CSV: Final = "label_errors.csv"
PAGE: Final = "report.html"
# A run's page has room for so many suspects; the audit's own page has more.
MOST_IN_SECTION: Final = 20


def write_audit_report(
    artifacts_dir: Path, audit: Path, *, run_id: str, config_json: str, fallback_reason: str | None = None
) -> Path:
    """Write the files of an audit, whose output is the folder `audit`, and return where they are.

    label_errors.csv (the whole list), label_errors.json, summary.md, report.html, config.json.
    """
    found = LabelErrors.read(audit / FILE).model_copy(update={"fallback_reason": fallback_reason})
    folder = artifacts_dir / LABEL_ERRORS / run_id
    with written_whole(folder) as work:
        found.write(work / FILE)
        write_list(work / CSV, pq.read_table(audit / LIST_FILE))
        (work / "summary.md").write_text(render_audit_markdown(found) + "\n", "utf-8")
        (work / PAGE).write_text(render_audit_page(found, run_id=run_id), "utf-8")
        (work / "config.json").write_text(config_json + "\n", "utf-8")
    share(folder, artifacts_dir)
    return folder


def write_list(path: Path, table: pa.Table) -> None:
    """Write the list for spreadsheets: an apostrophe keeps cells that look like formulas from being run."""
    formulas = Formulas(escape=True)
    columns = {name: formulas.treat(column) for name, column in zip(table.column_names, table.columns, strict=True)}
    pa.csv.write_csv(pa.table(columns), path, pa.csv.WriteOptions(quoting_style="needed"))


def find_audit(artifacts_dir: Path, hashes: Mapping[str, str]) -> AuditSection | None:
    """Find the newest audit of the reviews whose files have these hashes; one that cannot be read is passed over."""
    for folder, found in read_audits(artifacts_dir):
        if all(hashes.get(name) == sha256 for name, sha256 in found.hashes.items()):
            first = found.model_copy(update={"suspects": found.suspects[:MOST_IN_SECTION]})
            return AuditSection(run_id=folder.name, found=first)
    return None


def read_audits(artifacts_dir: Path) -> Iterator[tuple[Path, LabelErrors]]:
    """Read the audits that are there, newest first."""
    receive_latest(artifacts_dir, LABEL_ERRORS)
    for path in sorted((artifacts_dir / LABEL_ERRORS).glob(f"[0-9]*/{FILE}"), reverse=True):
        try:
            check_sum(path)
            yield path.parent, LabelErrors.read(path)
        except UserError:
            continue
