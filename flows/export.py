"""Export a model, with all that is needed to use it, for programs without this project."""

import sys

from tasks.cli.checks import check_writable
from tasks.cli.main import run_script
from tasks.errors import UserError, disk_errors_explained
from tasks.evaluate.bundle import find_bundle, load_bundle, read_facts
from tasks.evaluate.fast import needs_keras
from tasks.export.facts import ExportFile
from tasks.export.formats import FORMATS, check_kind
from tasks.export.writing import Export, check_output, write_export
from tasks.process.quiet_imports import import_quietly
from tasks.promote.champion import check_current
from tasks.promote.shared import receive_model
from tasks.settings.export import ExportConfig
from tasks.train.identity import check_backend


def check_export(config: ExportConfig) -> None:
    """Raise UserError for what would make the export fail, as far as it shows without loading the model."""
    if config.output is None:
        raise UserError("--output is missing; expected the name of a new folder.")
    if (backend := check_backend()) != "tensorflow":
        raise UserError(
            f"KERAS_BACKEND is {backend!r}, which cannot export; expected tensorflow, which loads the models of both. "
            "Run the same command with KERAS_BACKEND=tensorflow."
        )
    receive_model(config.model_folder)
    check_current(config.model_folder)
    check_kind(FORMATS[config.to], read_facts(find_bundle(config.model_folder)))
    check_output(config.output)
    check_writable(config.output.parent, "the folder of --output")


def export_at_once(config: ExportConfig) -> bool:
    """Write the export and print what it is; returns True, because there is no flow to start."""
    bundle = load_bundle(config.model_folder)
    if needs_keras(bundle.classifier):
        import_quietly("tasks.train.predict")
    if config.output is not None:
        export = Export(
            bundle=bundle,
            format=FORMATS[config.to],
            output=config.output,
            data_dir=config.data_dir,
            quantize=None if config.quantize == "none" else config.quantize,
        )
        with disk_errors_explained(config.output.parent):
            print(describe(write_export(export)))
        print(config.output)
    return True


def describe(export: ExportFile) -> str:
    """Describe an export in a few lines."""
    own, cost, parity = export.own_cost, export.cost, export.parity
    lines = {
        "model": export.model_id,
        "format": export.format,
        "compared on": f"{parity.texts}: same labels but for ties, probabilities within {parity.max_difference:.1e}",
        "one text at a time": f"{cost.single_per_second:,.0f}/s, the model itself {own.single_per_second:,.0f}/s",
        "in batches": f"{cost.batch_per_second:,.0f}/s, the model itself {own.batch_per_second:,.0f}/s",
        "size": f"{cost.num_bytes / 1e6:,.1f} MB, the model itself {own.num_bytes / 1e6:,.1f} MB",
    }
    width = max(map(len, lines))
    return "\n".join(f"{name:<{width}}  {value}" for name, value in lines.items())


if __name__ == "__main__":
    sys.exit(run_script("export"))
