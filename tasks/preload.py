"""What the server of child processes imports once, ahead of forking."""

import gc

from tasks.quiet import import_quietly

import_quietly("tasks.train.training")
import_quietly("tasks.evaluate.evaluation")
# The metrics import it where they need it: half a second for every flow that only reports them.
import_quietly("sklearn.metrics")
import_quietly("scipy.optimize")
# What was imported never becomes garbage: children need not look through it, nor copy it by doing so.
gc.freeze()
