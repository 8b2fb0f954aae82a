# Every verb sets itself up first: `make setup` builds .venv in this checkout and is a no-op once done.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SWITCH ?=
KILLS ?= 200

.DEFAULT_GOAL := help
.PHONY: help setup demo test check fmt lint types contracts tables live large bench crash-test docs clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

setup: $(READY) ## make .venv with everything the project needs

$(READY): setup.cfg pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "callflows needs Python 3.11 or newer; say which: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "setting up $(VENV) (once; about a minute)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(READY)

demo: $(READY) ## one call, from hand-off to delivered recording (SWITCH=host:port: on a running FreeSWITCH)
	@$(BIN)/callflows demo $(if $(SWITCH),--switch $(SWITCH))

test: $(READY) ## the test suite, three folders at a time
	@$(BIN)/python -m tests.run

check: lint types contracts tables ## format, lint, types, import contracts, generated tables

fmt: $(READY) ## put the code into the house's format
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix-only --quiet .

lint: $(READY)
	@$(BIN)/ruff format --check . && $(BIN)/ruff check .

types: $(READY)
	@$(BIN)/mypy

contracts: $(READY)
	@$(BIN)/lint-imports

tables: $(READY)
	@$(BIN)/python -m service.tables --check

docs: $(READY) ## write the generated tables of README.md and docs/
	@$(BIN)/python -m service.tables

live: $(READY) ## tests against real peers: FREESWITCH=host:port and COUCHDB_URL=http://user:password@host:5984
	@test -n "$$FREESWITCH$$COUCHDB_URL" || \
	  { echo "name the peers: FREESWITCH=127.0.0.1:8021 COUCHDB_URL=http://... make live" >&2; exit 2; }
	@$(BIN)/python -m pytest -m 'live or couch' -rs

large: $(READY) ## 2 GB by HTTP, and to a CouchDB (COUCHDB_URL, an administrator's): memory and event loop measured
	@$(BIN)/python -m pytest -m large -rs

bench: $(READY) ## the engine beside greenswitch and a bare server: JSON to bench.json and a table
	@$(BIN)/python -m bench

crash-test: $(READY) ## kill engines KILLS times (200) under load and count what arrives (SEED=n repeats; FREESWITCH=… too)
	@$(BIN)/python -m tests.crash --kills $(KILLS)

clean: ## remove what setup and the tools made
	@rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache bench.json
