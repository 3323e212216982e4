# Everything here works on a machine that has python3 (3.11 or newer), git and make, and nothing else.
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2
PIP := $(wildcard tools/pip-*.whl)
INSTALLER := tools/install.py pyproject.toml requirements/bootstrap.lock $(PIP)
COMPILE := $(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --python-version 3.11

.DEFAULT_GOAL := help
.PHONY: help serve demo install test conformance lint format check bench faults lock clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1\t\2/p' Makefile | awk -F '\t' '{printf "  make %-11s %s\n", $$1, $$2}'

serve: $(VENV)/.runtime ## the demo on http://localhost:8000 (PORT= to change)
	@exec $(BIN)/mintmark serve --demo --port $(PORT)

demo: $(VENV)/.runtime ## the same, with an app on PORT+2 that signs people in and an API on PORT+1 (examples/)
	@exec $(BIN)/python examples/demo.py --port $(PORT)

install: $(VENV)/.runtime ## .venv from the lock, nothing else

# The rules are run with every branch counted, and all that is counted slowly is them.
test: $(VENV)/.dev ## every test; what this machine cannot run is named at the end (ARGS= for some of them)
ifdef ARGS
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)
else
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder --cov --cov-report= tests/protocol
	@$(BIN)/coverage report --fail-under=100
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --durations=20 --ignore=tests/protocol
endif

conformance: $(VENV)/.dev ## the certification plans' modules, as tests of ours, with a table of their results
	$(BIN)/python -m pytest -q tests/conformance $(ARGS)

lint: $(VENV)/.dev ## format, lint, types, import contracts, generated pages fresh
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/generated.py --check

format: $(VENV)/.dev ## mends what can be mended: format, imports, generated pages
	$(BIN)/ruff check --fix --exit-zero
	$(BIN)/ruff format
	$(BIN)/python tools/generated.py --write

check: ## make lint, then make test
	$(MAKE) lint
	$(MAKE) test

bench: $(VENV)/.dev ## speed beside peers (minutes)
	$(BIN)/python -m bench $(ARGS)

faults: $(VENV)/.dev ## the long fault runs (many minutes)
	$(BIN)/python -m pytest -m faults -s $(ARGS)

lock: $(VENV)/.dev ## requirements/*.lock anew from pyproject.toml
	$(COMPILE) --upgrade --group bootstrap -o requirements/bootstrap.lock
	$(COMPILE) --upgrade pyproject.toml -o requirements/runtime.lock
	$(COMPILE) --upgrade pyproject.toml --group dev -c requirements/runtime.lock -c requirements/bootstrap.lock -o requirements/dev.lock
	$(COMPILE) --upgrade --group generator -o requirements/generator.lock
	$(COMPILE) --upgrade --group go -o requirements/go.lock

clean: ## removes what make made, except var/ (the demo's database and keys)
	rm -rf $(VENV) dist .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/.runtime: requirements/runtime.lock $(INSTALLER)
	$(PYTHON) tools/install.py runtime

$(VENV)/.dev: requirements/dev.lock requirements/runtime.lock $(INSTALLER)
	$(PYTHON) tools/install.py dev
