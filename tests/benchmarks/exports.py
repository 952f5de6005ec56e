"""Every model of an artifacts folder in every format: how far its answers differ, how fast it is, how large it is.

Speeds are measured in turns with the model itself, so that their ratios hold on a busy machine too.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tasks.errors import UserError
from tasks.evaluate.bundle import load_bundle
from tasks.evaluate.facts import BUNDLE_FILE
from tasks.export.facts import ExportFile
from tasks.export.formats import FORMATS, check_kind
from tasks.export.writing import Export, write_export
from tasks.process.quiet_imports import import_quietly
from tasks.store.layout import ARTIFACTS, DATA, MODELS


def find_models(artifacts_dir: Path, names: list[str]) -> Iterator[Path]:
    """The newest model of each variant, or of some."""
    for folder in sorted((artifacts_dir / MODELS).iterdir()):
        found = sorted(folder.glob(f"*/{BUNDLE_FILE}"), key=lambda path: path.stat().st_mtime)
        if found and (not names or folder.name in names):
            yield found[-1].parent


def export_model(folder: Path, format_name: str, data_dir: Path) -> ExportFile:
    """Export a model to a folder that is removed again."""
    bundle, chosen = load_bundle(folder), FORMATS[format_name]  # type: ignore[index]
    check_kind(chosen, bundle.facts)
    with tempfile.TemporaryDirectory() as scratch:
        return write_export(Export(bundle=bundle, format=chosen, output=Path(scratch) / "export", data_dir=data_dir))


def describe(export: ExportFile) -> str:
    """A row of the table."""
    own, cost = export.own_cost, export.cost
    cells = (
        export.model_id.partition("/")[0],
        export.format,
        f"{export.parity.max_difference:.0e}",
        f"{cost.single_per_second / own.single_per_second:.1f}x",
        f"{cost.batch_per_second / own.batch_per_second:.2f}x",
        f"{cost.num_bytes / 1e6:.1f}",
        f"{own.num_bytes / 1e6:.1f}",
    )
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--artifacts-dir", type=Path, default=ARTIFACTS)
    parser.add_argument("--data-dir", type=Path, default=DATA)
    parser.add_argument("--models", default="", help="names, separated by commas; all if there are none")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    import_quietly("tasks.train.predict")
    exports = []
    print("| model | format | largest difference | one text at a time | in batches | MB | MB of the model itself |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for folder in find_models(arguments.artifacts_dir, [name for name in arguments.models.split(",") if name]):
        for format_name in FORMATS:
            try:
                exports.append(export_model(folder, format_name, arguments.data_dir))
            except UserError as error:
                print(f"| {folder.parent.name} | {format_name} | {error} |", flush=True)
            else:
                print(describe(exports[-1]), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps([export.model_dump(mode="json") for export in exports], indent=2) + "\n")


if __name__ == "__main__":
    main()
