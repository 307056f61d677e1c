# Everything by name: `make help` lists what there is.
# HUB_HTTP, HUB_SSH, HUB_DATA and HUB_READY_FILE reach the hub as they stand in the environment.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help run install install-tests test coverage bench truth a11y lint check

# The first of these that is new enough; `make PYTHON=/path/to/python3` names another.
PYTHON ?= $(shell for one in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$one" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$one" && break; done)
BIN := .venv/bin
# More for pytest, such as `make test ARGS="tests/unit -k names"`.
ARGS ?=

help: ## Say what can be made
	@sed -n 's/^\([a-z0-9]*\):.*## /  make \1\t/p' Makefile | expand -t 18

run: install ## Start a hub with demo content on this machine
	@HUB_LOG_LEVEL=$${HUB_LOG_LEVEL:-warning} exec $(BIN)/hub serve --demo

install: check .venv/installed ## Install the hub into .venv

test: check ## Install what the tests need, run every test
	@.ci/packages git openssh-client chromium fonts-liberation postgresql redis-server
	@$(MAKE) --no-print-directory install-tests
	@.ci/services $(BIN)/python -m pytest -n auto --dist loadgroup $(ARGS)

coverage: ## Run every test and measure which lines ran; it takes half as long again
	@$(MAKE) --no-print-directory test ARGS="--cov --cov-report=term:skip-covered $(ARGS)"

bench: check ## Measure against peers; HISTORY=path names a large repository, CORPUS=path texts to search
	@.ci/packages git openssh-client openssh-server nginx fcgiwrap wrk cgit gitweb highlight \
		codesearch ripgrep postgresql
	@$(MAKE) --no-print-directory install-tests
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,bench]' || \
		echo "What needs the extra bench is left out." >&2
	@$(BIN)/python -m tests.bench $(ARGS)

a11y: check ## Look at every kind of page with axe, pa11y and Lighthouse; ARGS="/explore" for some of them
	@.ci/packages git chromium fonts-liberation nodejs npm
	@node -e 'process.exit(process.versions.node.split(".")[0] < 20)' || { \
		echo "This needs Node.js 20 or newer, to look at pages with."; exit 1; } >&2
	@$(MAKE) --no-print-directory install-tests
	@mkdir -p build/a11y && cp tests/a11y/package.json build/a11y/
	@cd build/a11y && PUPPETEER_SKIP_DOWNLOAD=1 npm install --silent --no-audit --no-fund --no-package-lock
	@$(BIN)/python -m tests.a11y $(ARGS)

truth: check ## Compare what pages say of a history, and merges, with what git says; HISTORY=path names one
	@$(MAKE) --no-print-directory install-tests
	@$(BIN)/python -m tests.bench.truth $(ARGS)
	@$(BIN)/python -m tests.bench.merge_truth $(ARGS)

lint: check install-tests ## Check style, types and layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

install-tests: .venv/installed-for-tests

.venv/installed: setup.cfg pyproject.toml
	@echo "Installing the hub into .venv; the first time takes a minute."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/installed-for-tests: setup.cfg pyproject.toml
	@echo "Installing the hub and what its tests need into .venv; the first time takes a minute or two."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch .venv/installed $@

check:
	@test -n "$(PYTHON)" || { echo "Hub needs Python 3.11 or newer, and there is none on the PATH."; \
		echo "Install it (Debian: apt-get install python3 python3-venv), or name one: make PYTHON=/path/to/python3"; \
		exit 1; } >&2
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Hub needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)."; \
		echo "Name a newer one: make PYTHON=/path/to/python3"; exit 1; } >&2
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments: its parts venv and ensurepip are not installed."; \
		echo "Install them (Debian: apt-get install python3-venv)."; exit 1; } >&2
	@command -v git >/dev/null || { echo "Hub needs git 2.38 or newer, and there is none on the PATH."; \
		echo "Install it (Debian: apt-get install git)."; exit 1; } >&2
	@printf '2.38\n%s\n' "$$(git version | cut -d' ' -f3)" | sort -C -V || { \
		echo "Hub needs git 2.38 or newer; this is $$(git version)."; \
		echo "Install a newer one, and put it first on the PATH."; exit 1; } >&2
