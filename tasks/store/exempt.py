"""Modules that cannot change an output, by pattern, each with the reason; all other code counts where it is reached."""

from typing import Final

EXEMPT: Final = {
    "tasks": "sets defaults for Prefect, logging and memory, which nothing that computes reads",
    "tasks.errors": "words errors",
    "tasks.formatting.*": "turns values into text for people",
    "tasks.process.*": "runs a function in a thread or another process; the function itself counts",
    "tasks.reference.*": "writes pages about settings and documents",
    "tasks.store.*": "names, hashes and publishes files without looking into them",
    "tasks.clean.*": "removes outputs and makes none",
    "tasks.orchestrate.*": "tells Prefect what happens",
    "tasks.notebook.*": "has outputs made by the functions that count",
    "tasks.cli.*": "turns arguments into settings, which count by their values",
    "tasks.settings.*": "holds settings, which count by their values",
    "tasks.*.output": "names an output and lists what counts; the function that makes it counts",
    "tasks.*.task": "tells Prefect what happens; the function that it calls counts",
    "tasks.*.identity": "lists what counts",
    "tasks.ingest.sources.reach": "finds out whether a download can start",
    "tasks.train.device": "finds the device, which counts by its name",
    "tasks.train.events": "writes TensorBoard's log, which is no output",
    "tasks.compare.run": "calls the stages of a run, each of which counts, and describes it",
    "tasks.drift.render": "words what was measured",
    "tasks.predict.tables": "words what was scored",
    "tasks.predict.single": "answers at once and keeps nothing",
    "tasks.promote.*": "decides anew in every run",
    "tasks.report.*": "is rendered anew in every run",
}
