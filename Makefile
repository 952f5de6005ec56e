# Set-up is redone only when pyproject.toml, constraints.txt or the C library change.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt

.PHONY: train test check docs bench clean

train: .venv/installed
	$(BIN)/python flows/train_all.py $(ARGS)

test: .venv/installed-dev
	$(BIN)/python -m pytest $(ARGS)

check: .venv/installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: .venv/installed-dev
	$(BIN)/python -m tasks.reference

bench: .venv/installed-dev
	set -e; for name in ingest epochs baselines prediction predict growth whole_run; do \
		echo "== $$name"; \
		$(BIN)/python tests/benchmarks/$$name.py --json artifacts/bench/$$name.json; \
	done

clean:
	rm -rf .venv *.egg-info

.venv/installed: pyproject.toml constraints.txt $(wildcard tasks/train/kernels/native/*)
	$(PYTHON) -m venv .venv
	$(PIP) --editable .
	touch $@

.venv/installed-dev: .venv/installed
	$(PIP) --editable ".[dev]"
	touch $@
