# Everything starts here: `make demo` to look, `make test` to check that it is true.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: demo test check bench screenshots clean
.DEFAULT_GOAL = demo

# The stamp makes the environment once and again when its ingredients change.
$(VENV)/.made: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=24'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[demo,dev]'
	touch $@

demo: $(VENV)/.made
	$(BIN)/sagetop demo

test: $(VENV)/.made
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

check: $(VENV)/.made
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.made
	$(BIN)/python -m tests.bench $(ARGS)

screenshots: $(VENV)/.made
	$(BIN)/python -m tests.draw_screenshots

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
