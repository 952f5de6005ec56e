# Set-up is repeated only if pyproject.toml, the locks or the C library's sources change.
PYTHON ?= python3
BIN := .venv/bin
# Every package is what its hash in locks/ says, and nothing else is installed; `make lock` writes the hashes.
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation
HASHED := $(PIP) --require-hashes --requirement

.PHONY: train test test-all test-levels check docs bench lock audit clean

train: .venv/installed
	$(BIN)/python flows/train_all.py $(ARGS)

# Without ARGS, the tests that are not marked slow.
test: .venv/installed-dev
	$(BIN)/python -m pytest $(or $(ARGS),-m "not slow")

test-all: .venv/installed-dev
	$(BIN)/python -m pytest $(ARGS)

# The C library, TensorFlow's oneDNN and XLA use only the instructions of older processors. See tests/README.md.
LEVELS ?= avx2 baseline
LIMITS_avx2 := ONEDNN_MAX_CPU_ISA=AVX2 XLA_FLAGS=--xla_cpu_max_isa=AVX2
LIMITS_baseline := ONEDNN_MAX_CPU_ISA=AVX XLA_FLAGS=--xla_cpu_max_isa=AVX

test-levels: $(LEVELS:%=test-level-%)

test-level-%: .venv/installed-dev
	$(if $(filter x86_64 amd64,$(shell uname -m)), \
	env SEQUENCE_BAKEOFF_INSTRUCTIONS=$* TF_ENABLE_ONEDNN_OPTS=0 $(LIMITS_$*) \
		$(BIN)/python -m pytest $(or $(ARGS),tests/train tests/evaluate tests/predict), \
	@echo "There is one level of instructions on this processor: make test-all covers it")

check: .venv/installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tests/train/kernels/check_tensorflow_headers.py

docs: .venv/installed-dev
	$(BIN)/python -m tasks.reference

bench: .venv/installed-dev
	set -e; for name in ingest epochs baselines prediction predict growth whole_run; do \
		echo "== $$name"; \
		$(BIN)/python tests/benchmarks/$$name.py --json artifacts/bench/$$name.json; \
	done

lock: .venv/installed-dev
	.ci/lock

audit: .venv/installed-dev
	.ci/audit

clean:
	rm -rf .venv *.egg-info

.venv/installed: pyproject.toml locks/build.txt locks/run.txt $(wildcard tasks/train/kernels/native/*)
	$(PYTHON) -m venv .venv
	$(HASHED) locks/build.txt
	$(HASHED) locks/run.txt
	$(PIP) --editable .
	touch $@

.venv/installed-dev: .venv/installed locks/dev.txt
	$(HASHED) locks/dev.txt
	touch $@
