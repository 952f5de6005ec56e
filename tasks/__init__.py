"""The rooms of the pipeline. Importing it sets the defaults that Prefect and TensorFlow read when they are imported."""

import os

for _name, _value in {
    # The temporary server of a run without one needs up to half a minute on a busy machine.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    # A server that is away for up to eight minutes, or whose disk is full (status 500), does not end a run.
    "PREFECT_CLIENT_MAX_RETRIES": "8",
    "PREFECT_CLIENT_RETRY_EXTRA_CODES": "500",
    # Nothing is sent home.
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    # Only errors: TensorFlow's notes about the processor hide the lines that matter.
    "TF_CPP_MIN_LOG_LEVEL": "3",
    # The tokenizer's threads end with each call, so a later fork is safe.
    "TOKENIZERS_PARALLELISM": "true",
    # JAX takes GPU memory as it is needed.
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
}.items():
    os.environ.setdefault(_name, _value)
