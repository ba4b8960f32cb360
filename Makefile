# Everything a developer types. Needs Python 3.11 or newer, make, and a package index for pip; nothing else.
# `make help` lists the targets.

PYTHON ?= python3
ARGS ?=
# Test processes; 0 is one process without workers.
JOBS ?= 2
VENV := .venv
BIN := $(VENV)/bin
EXTRAS := numpy,tokens,emulator
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 $(BIN)/python -m pip install --quiet --constraint constraints-dev.txt
# What is checked; a script or a lineage that somebody keeps in the checkout is their own.
OURS := src tests examples benchmarks docs README.md
PYTEST := $(BIN)/python -m pytest --quiet

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help quickstart test test-all lint format layers types unit slow docs api bench bench-dataset bench-forgetting clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

quickstart: $(VENV)/.core ## the whole story offline: train, continue four ways, compare, report (ARGS="--news FILE ...")
	@$(BIN)/python examples/quickstart.py $(ARGS)

test: lint layers types unit ## what a change must pass

test-all: test slow ## test, and what takes longer or needs more; a missing tool is a counted skip

lint: $(VENV)/.dev ## style and likely mistakes (ruff)
	@$(BIN)/ruff check $(OURS)
	@$(BIN)/ruff format --check $(OURS)

format: $(VENV)/.dev ## write the code in the house style
	@$(BIN)/ruff check --fix-only $(OURS)
	@$(BIN)/ruff format $(OURS)

layers: $(VENV)/.dev ## rooms import downwards only (import-linter)
	@$(BIN)/lint-imports --no-logo

types: $(VENV)/.dev ## two type checkers, both strict
	@$(BIN)/mypy
	@$(BIN)/basedpyright --warnings

unit: $(VENV)/.dev ## unit, contract, property and snippet tests
	@$(PYTEST) --numprocesses $(JOBS) -m "not slow" tests

slow: $(VENV)/.dev
	@$(PYTEST) --numprocesses $(JOBS) -m slow tests

docs: $(VENV)/.dev ## run every Python block of README.md and docs/, and follow the links
	@$(PYTEST) tests/docs

api: $(VENV)/.dev ## write down anew what the library promises: names, signatures, attributes (tests/public_api.txt)
	@$(BIN)/python tests/public_api.py

bench: $(VENV)/.dev ## run every benchmark
	@ls benchmarks/[!_]*.py >/dev/null 2>&1 || echo "There is no benchmark yet."
	@for file in benchmarks/[!_]*.py; do [ ! -e "$$file" ] || $(BIN)/python "$$file" || exit; done

bench-dataset: $(VENV)/.dev ## reading and checking rows, beside others (ARGS="--quick" or "--size 512")
	@$(BIN)/python benchmarks/dataset.py $(ARGS)

bench-forgetting: $(VENV)/.dev ## chains of fine-tunes under every strategy (ARGS="--stages 20 --engine bytes"; takes a while)
	@OMP_NUM_THREADS=1 $(BIN)/python benchmarks/forgetting.py $(ARGS)

clean: ## remove the virtual environment, caches and built files; databases and data stay
	@rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage
	@rm -f quickstart_report.html
	@find src tests examples benchmarks docs -name __pycache__ -type d -prune -exec rm -rf {} +

# Two stamps: a second call installs nothing, an edited requirement does.
$(VENV)/.core: pyproject.toml constraints-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "This needs Python 3.11 or newer, and '$(PYTHON)' is not. Name another: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "Setting up $(VENV) (once; about a minute) ..."
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@$(PIP) --upgrade pip
	@$(PIP) --editable .
	@touch $@

# pip knows dependency groups from 25.1 on; `.core` has brought a newer one.
$(VENV)/.dev: $(VENV)/.core
	@echo "Adding the tools of a developer (once) ..."
	@$(PIP) --editable '.[$(EXTRAS)]' --group dev
	@touch $@
