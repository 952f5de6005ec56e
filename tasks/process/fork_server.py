"""The modules that the server of child processes imports once, before it forks."""

from tasks.process.quiet_imports import import_quietly

import_quietly("tasks.train.training")
import_quietly("tasks.evaluate.evaluation")
# The metrics import these only when they need them, to save flows that only report metrics half a second.
import_quietly("sklearn.metrics")
import_quietly("scipy.optimize")
