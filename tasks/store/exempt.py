"""Modules that cannot change an output, by pattern, each with the reason; all other reached code counts."""

from typing import Final

EXEMPT: Final = {
    "tasks": "sets defaults for Prefect, logging and memory, which no computation reads",
    "tasks.errors": "writes error messages",
    "tasks.formatting.*": "turns values into text for people",
    "tasks.process.*": "runs a function in a thread or another process; the function itself counts",
    "tasks.reference.*": "writes pages about settings and documents",
    "tasks.store.*": "names, hashes and publishes files without looking into them",
    "tasks.clean.*": "removes outputs and makes none",
    "tasks.doctor.*": "looks at outputs and makes none",
    "tasks.orchestrate.*": "reports to Prefect",
    "tasks.notebook.*": "calls the functions that make outputs, which count",
    "tasks.cli.*": "turns arguments into settings, which count by their values",
    "tasks.settings.*": "holds settings, which count by their values",
    "tasks.*.output": "names an output and lists what counts; the function that makes it counts",
    "tasks.*.task": "reports to Prefect; the function that it calls counts",
    "tasks.*.identity": "lists what counts",
    "tasks.ingest.sources.reach": "finds out whether a download can start",
    "tasks.encode.choice": "chooses an encoding, which counts by its settings",
    "tasks.encode.texts": "chooses an encoding, which counts by its settings",
    "tasks.train.device": "finds the device, which counts by its name",
    "tasks.train.events": "writes the TensorBoard log, which is not an output",
    "tasks.compare.run": "calls the stages of a run, each of which counts, and describes it",
    "tasks.drift.render": "describes what was measured",
    "tasks.predict.tables": "describes what was scored",
    "tasks.predict.single": "answers at once and stores nothing",
    "tasks.promote.*": "decides again in every run",
    "tasks.report.*": "renders again in every run",
}
