"""The charts' runtime: Vega, Vega-Lite and Vega-Embed as one script, bundled once for all runs of a checkout."""

from pathlib import Path
from typing import Any, Final

import altair as alt
import vl_convert

from tasks.store.fingerprint import library_versions
from tasks.store.layout import DATA, RUNTIME
from tasks.store.outputs import Output, produce
from tasks.store.remembered import describe_code

VEGA_LITE: Final = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
SCRIPT: Final = "runtime.js"


def load_runtime(root: Path = DATA) -> str:
    """Load the script, which is kept on disk because bundling takes longer than the rest of a page.

    `root` is the checkout's own data folder, wherever a run keeps its data, because the script depends only on the
    libraries. If nothing can be written there, the script is bundled each time.
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
    """Bundle the three libraries into a script that can be embedded in HTML."""
    # Without a snippet, the bundle is the libraries alone; the type stub does not allow for that.
    bundle = vl_convert.javascript_bundle(None, vl_version=VEGA_LITE)  # type: ignore[arg-type]
    # Within HTML, these two would end the script or change how it is parsed.
    return bundle.replace("</script", "<\\/script").replace("<!--", "<\\!--")
