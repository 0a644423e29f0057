# `make demo` and `make test` set up everything that they need by themselves.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# Tests wait more than they compute.
WORKERS ?= $(shell expr $$(nproc) + 1)

.PHONY: demo test test-slow check bench screenshots clean

demo: $(VENV)/installed
	$(BIN)/fujita demo

test: $(VENV)/tested
	$(BIN)/python tests/prepare.py
	$(MAKE) --no-print-directory check
	$(BIN)/pytest -m "not slow" -n $(WORKERS)

test-slow: $(VENV)/tested
	$(BIN)/python tests/prepare.py
	$(BIN)/pytest -m slow

bench: $(VENV)/tested
	$(BIN)/python tests/prepare.py
	$(BIN)/python -m tests.bench

screenshots: $(VENV)/tested
	$(BIN)/python tests/prepare.py
	$(BIN)/python -m tests.page.screenshots docs/screenshots

check: $(VENV)/tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf $(VENV) .cache build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: setup.py $(VENV)/bin/pip
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/tested: setup.py $(VENV)/installed
	$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[test]"
	touch $@
