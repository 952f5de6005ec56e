"""The page of an export: how the model is used from another program, with code that runs as it stands."""

from pathlib import Path
from typing import Final

from tasks.export.facts import EXPORT_FILE, VECTORS_FILE, ExportFile, FormatName
from tasks.formatting.markdown import escape_markdown, render_table
from tasks.ingest.clean import LONGEST_TEXT

# The lines of the Python code that differ between formats: what is imported, and how the model is loaded and run.
IMPORTS: Final[dict[FormatName, str]] = {
    "onnx": "import onnxruntime",
    "saved-model": "import tensorflow as tf",
    "litert": "from ai_edge_litert.interpreter import Interpreter",
}
LOADING: Final[dict[FormatName, str]] = {
    "onnx": """session = onnxruntime.InferenceSession(here / export["model"])


def run(tokens):
    return session.run([export["output"]], tokens)[0]""",
    "saved-model": """model = tf.saved_model.load(str(here / export["model"]))


def run(tokens):
    return model.serve(tf.constant(tokens["tokens"])).numpy()""",
    "litert": """interpreter = Interpreter(model_path=str(here / export["model"]))
interpreter.allocate_tensors()
(given,), (output,) = interpreter.get_input_details(), interpreter.get_output_details()


def run(tokens):
    found = []
    for row in tokens["tokens"]:
        interpreter.set_tensor(given["index"], row[None])
        interpreter.invoke()
        found.append(interpreter.get_tensor(output["index"])[0])
    return np.array(found)""",
}
PACKAGES: Final[dict[FormatName, str]] = {
    "onnx": "onnxruntime tokenizers",
    "saved-model": "tensorflow tokenizers",
    "litert": "ai-edge-litert tokenizers",
}
CODE: Final = """import json
import sys
from pathlib import Path

import numpy as np
{imports}
from tokenizers import Tokenizer

here = Path(sys.argv[1])
export = json.loads((here / "export.json").read_text("utf-8"))
tokenizers = {{given["name"]: Tokenizer.from_file(str(here / given["tokenizer"])) for given in export["inputs"]}}
{loading}


def encode(texts, given):
    found = tokenizers[given["name"]].encode_batch(texts)
    return np.array([each.ids or [given["pad_id"]] for each in found], given["dtype"])


def predict(texts):
    tokens = {{given["name"]: encode(texts, given) for given in export["inputs"]}}
    uncalibrated = np.clip(run(tokens).astype(np.float64), export["smallest"], 1.0)
    scaled = uncalibrated ** (1.0 / export["temperature"])
    probabilities = scaled / scaled.sum(axis=1, keepdims=True)
    if export["rule"]:
        costs, merits = export["rule"]["costs"], probabilities
        if costs:
            merits = 1.0 / (probabilities @ np.array(costs) + 1e-12)
        chosen = (merits * np.array(export["rule"]["weights"])).argmax(axis=1)
    elif len(export["label_names"]) == 2:
        chosen = (probabilities[:, 1] >= export["threshold"]).astype(int)
    else:
        chosen = probabilities.argmax(axis=1)
    return [(export["label_names"][index], row.tolist()) for index, row in zip(chosen, probabilities)]


for text, (label, probabilities) in zip(sys.argv[2:], predict(sys.argv[2:])):
    print(json.dumps({{"text": text, "label": label, "probabilities": probabilities}}))
"""


def write_readme(path: Path, described: ExportFile) -> None:
    """Write the page."""
    sections = {
        "Use it from Python": describe_use(described),
        "Use it from another language": describe_steps(described),
        "Files": describe_files(described),
        "Compared with the model it was made from": describe_comparison(described),
        "Limits": describe_limits(),
    }
    title = f"# {escape_markdown(described.model_id)} for {described.format}"
    labels = ", ".join(map(escape_markdown, described.label_names))
    parts = [title, f"A text classifier, trained on {escape_markdown(described.dataset)}. Its labels are: {labels}."]
    parts += [f"## {name}\n\n{text}" for name, text in sections.items()]
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def describe_use(described: ExportFile) -> str:
    """Give the code that scores texts."""
    code = CODE.format(imports=IMPORTS[described.format], loading=LOADING[described.format])
    packages = PACKAGES[described.format]
    return (
        f"Install the two packages that it needs with `pip install {packages}`, save this as `score.py`, and run "
        f'`python score.py <this folder> "a text"`:\n\n```python\n{code}```'
    )


def describe_steps(described: ExportFile) -> str:
    """Say what a program in any language has to do."""
    lengths = [
        f"`{given.name}` reads the first {given.length:,} tokens, padded on the {given.padding}"
        if given.length
        else f"`{given.name}` reads the whole text; pad the texts of a batch on the {given.padding} to the longest, or "
        "to one token if none has any"
        for given in described.inputs
    ]
    first, bound = described.inputs[0], described.parity.bound
    steps = (
        (
            "Turn the text into token ids with the tokenizer, a file of the `tokenizers` library. It also cleans the "
            f"text. {'; '.join(lengths)}. Padding has the id {first.pad_id}, an unknown token {first.unknown_id}."
        ),
        f"Run the model. Its output `{described.output}` has a row for each text and a column for each label.",
        (
            f"Raise each number, {described.smallest:g} at least, to the power 1 / {described.temperature!r}, the "
            "inverse of the temperature, and divide each row by its sum. These are the calibrated probabilities."
        ),
        describe_decision(described),
        (
            f"Check your program against `{VECTORS_FILE}`, which has texts, some of them hard to encode, with their "
            f"token ids, probabilities and labels. Your probabilities should differ by less than {bound:g}."
        ),
    )
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1))


def describe_decision(described: ExportFile) -> str:
    """Say how probabilities become an answer."""
    if described.rule is not None:
        merit = "its probability" if described.rule.costs is None else "one over the expected cost of answering it"
        return (
            f"The answer is the label with the highest product of its weight and its merit, which is {merit}; the "
            f"numbers are under `rule` in `{EXPORT_FILE}`."
        )
    if len(described.label_names) == 2:  # noqa: PLR2004
        return (
            f"The answer is the second label if its probability is at least {described.threshold!r}, or else the first."
        )
    return "The answer is the likeliest label."


def describe_files(described: ExportFile) -> str:
    """List the files."""
    files = {
        described.model: "the model",
        **{given.tokenizer: f"the tokenizer of the input {given.name}" for given in described.inputs},
        EXPORT_FILE: "inputs, labels, temperature, threshold, comparison and versions",
        VECTORS_FILE: "texts with their token ids and answers; the texts are made of the model's own tokens",
        "MODEL_CARD.md": "what the model was trained on, how good it is, and its limits",
        "SHA256SUMS": "the hash of each file, which `sha256sum --check SHA256SUMS` checks",
    }
    return render_table([{"file": name, "what it holds": what} for name, what in files.items()])


def describe_comparison(described: ExportFile) -> str:
    """Say how answers, speed and size compare."""
    parity, own, cost = described.parity, described.own_cost, described.cost
    rows = [
        {
            "": name,
            "one text at a time": f"{it.single_per_second:,.0f}/s",
            "in batches": f"{it.batch_per_second:,.0f}/s",
            "size": f"{it.num_bytes / 1e6:,.1f} MB",
        }
        for name, it in (("the model itself", own), ("this export", cost))
    ]
    return (
        f"On {parity.texts}, all labels are the same but for ties, and no probability differs by more than "
        f"{parity.max_difference:.1e}. An export that differs by more than {parity.bound:g} is refused. Speeds were "
        f"measured in turns on one machine, from text to probabilities.\n\n{render_table(rows)}"
    )


def describe_limits() -> str:
    """Say what the tokenizers cannot do."""
    return (
        f"Cut texts after {LONGEST_TEXT:,} characters before you encode them, as the model's own scoring does. A text "
        "that is empty or white space has no meaningful answer; the model's own scoring gives none. A text that Python "
        "made of bytes, such as b'good', is read as it is; the model's own scoring reads what the bytes say."
    )
