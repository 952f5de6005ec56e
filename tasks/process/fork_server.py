"""What the server of child processes imports once, ahead of forking."""

from tasks.process.quiet_imports import import_quietly

import_quietly("tasks.train.training")
import_quietly("tasks.evaluate.evaluation")
# The metrics import it where they need it: half a second for every flow that only reports them.
import_quietly("sklearn.metrics")
import_quietly("scipy.optimize")
