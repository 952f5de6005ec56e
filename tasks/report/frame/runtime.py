"""The charts' runtime: Vega, Vega-Lite and their embedding as one script, bundled once for all runs of a checkout."""

from pathlib import Path
from typing import Any, Final

import altair as alt
import vl_convert

from tasks.store.closure import describe_code
from tasks.store.fingerprint import library_versions
from tasks.store.layout import DATA, RUNTIME
from tasks.store.outputs import Output, produce

VEGA_LITE: Final = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
SCRIPT: Final = "runtime.js"


def load_runtime(root: Path = DATA) -> str:
    """Load the script; bundling takes longer than all else of a page, so that it is kept.

    `root` is the checkout's own data folder, wherever a run keeps its data: the script is that of the libraries. Where
    nothing can be written it is bundled each time.
    """
    output = Output(
        root=root,
        kind="runtime",
        name="vega",
        family=RUNTIME,
        folder=f"{RUNTIME}/{{fingerprint}}",
        facts_type=dict,
        decided_by={
            "code": describe_code("tasks.report.frame.runtime:write_runtime"),
            "libraries": library_versions("vl-convert-python"),
        },
    )
    try:
        produce(output, write_runtime)
        return (output.path / SCRIPT).read_text(encoding="utf-8")
    except OSError:
        return bundle_runtime()


def write_runtime(folder: Path) -> dict[str, Any]:
    """Write the script into a folder."""
    (folder / SCRIPT).write_text(bundle_runtime(), encoding="utf-8")
    return {}


def bundle_runtime() -> str:
    """Bundle the three libraries, such that the script can stand within HTML."""
    # Without a snippet of one's own it is the libraries alone; the stub does not know that.
    bundle = vl_convert.javascript_bundle(None, vl_version=VEGA_LITE)  # type: ignore[arg-type]
    # Within HTML these two would end or re-open the script.
    return bundle.replace("</script", "<\\/script").replace("<!--", "<\\!--")
