# Townlet needs make and Python 3.11 or newer; everything else is installed into .venv.
#   make setup ray demo test test-slow coverage lint audit soak accept bench docs golden generate clean
#   make PYTHON=python3.12 setup    chooses another interpreter

PYTHON ?= python3
WORKERS ?= auto

BIN := .venv/bin
TOWNLET := $(BIN)/townlet
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt
CORE := .venv/.core
READY := .venv/.ready
RAY := .venv/.ray
SITE := .venv/.site
PACKAGES := eventlog projections townlet cli tui

# Hundreds of processes start here: each would compile its modules anew if what is compiled were not kept.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := setup
.NOTPARALLEL:
.PHONY: setup ray demo test test-slow coverage lint audit warm soak accept bench docs golden generate clean

setup: $(READY)

# What a town needs to live: with it the kernels can be compiled, while the tools are still being installed.
$(CORE): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "setup: Townlet needs Python 3.11 or newer, and '$(PYTHON)' is not. Name one: make PYTHON=python3.12 setup" >&2; \
	  exit 1; }
	@echo "setup: installing Townlet into .venv"
	@$(PYTHON) -m venv .venv
	@$(PIP) -e .
	@touch $@

$(READY): $(CORE)
	@echo "setup: installing its tools (a minute or two)"
	@$(PIP) -e '.[dev]'
	@touch $@

# Ray is large: only what tests sweeps on it installs it.
ray: $(RAY)

# The tests import most of the tools' modules and so compile them; the others need no compiling in advance.
$(RAY): $(CORE)
	@echo "setup: installing its tools, and Ray"
	@$(PIP) --no-compile -e '.[dev,ray]'
	@touch $(READY) $@

# A demo needs no tools: it installs what a user needs, and no more.
demo: $(CORE)
	@echo "demo: five days of the default town, seed 7, into runs/demo"
	@$(TOWNLET) run configs/town.yaml --ticks 7200 --seed 7 --into runs/demo --replace
	@echo "demo: replaying its log to tick 5000 and verifying every digest on the way"
	@$(TOWNLET) replay runs/demo --to-tick 5000 --verify
	@echo "demo: asking the log what made and what cost trust, and what made rivals"
	@$(TOWNLET) sql runs/demo "select kind, count(*) as changes, round(sum(adjusted_trust + clamp_trust), 2) as trust, \
	  round(sum(adjusted_rivalry + clamp_rivalry), 2) as rivalry from tie_changes group by kind order by trust desc, kind"
	@echo "demo: the story of its third day"
	@$(TOWNLET) story runs/demo --from "day 2" --to "day 3"

lint: $(READY)
	@echo "lint: ruff check"
	@$(BIN)/ruff check --quiet .
	@echo "lint: ruff format"
	@$(BIN)/ruff format --quiet --check . || { echo "lint: '$(BIN)/ruff format .' lays these out:" >&2; \
	  $(BIN)/ruff format --check . >&2; exit 1; }
	@echo "lint: import contracts"
	@out=$$($(BIN)/lint-imports --no-logo 2>&1) || { echo "$$out" >&2; exit 1; }
	@echo "lint: mypy"
	@$(BIN)/mypy --no-error-summary

# No part of `make test`: it asks a source of vulnerabilities, and says so where that does not answer.
audit: $(READY)
	@echo "audit: looking up the packages of constraints.txt among the known vulnerabilities"
	@$(BIN)/python .ci/audit.py

# One process compiles the kernels into Numba's cache, so that the test workers only load them.
warm: $(READY)
	@echo "warm: compiling the town's kernels"
	@$(TOWNLET) warm

# A file's tests stay in one process, so that the runs they share are made once.
# Compiling the kernels takes about as long as installing the tools and linting, so both happen at once.
test: $(CORE)
	@echo "warm: compiling the town's kernels"
	@$(BIN)/python -m cli.start warm & warming=$$!; \
	  $(MAKE) --no-print-directory ray && $(MAKE) --no-print-directory lint || { kill $$warming; exit 1; }; wait $$warming
	@echo "test: everything that is not slow"
	@$(BIN)/pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not slow"

test-slow: warm
	@echo "test-slow: installing the learning libraries of tests/peers.txt"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -r tests/peers.txt \
	  || echo "test-slow: they cannot be installed; their tests are skipped" >&2
	@echo "test-slow: the slow tests"
	@$(BIN)/pytest -q -n $(WORKERS) -m slow

# Compiled kernels leave no trace, so what is made of them runs once more as plain Python.
PLAIN := tests/townlet/rules tests/projections/town tests/projections/riders tests/projections/observations

coverage: warm
	@echo "coverage: everything that is not slow"
	@$(BIN)/pytest -q -n $(WORKERS) -m "not slow" --cov --cov-report=
	@echo "coverage: rules and folds once more, uncompiled"
	@NUMBA_DISABLE_JIT=1 $(BIN)/pytest -q -n $(WORKERS) -m "not slow" --cov --cov-append $(PLAIN)

soak: warm
	@echo "soak: 20 towns of 30 days; the record goes to runs/soaks"
	@$(TOWNLET) soak --seeds 20 --days 30 --record runs/soaks

# TRAINING=runs/shipped shows a training's figures, CI_MINUTES=11 is how long make test took.
accept: warm
	@echo "accept: measuring every criterion and risk, some minutes; docs/rollout is written anew"
	@$(TOWNLET) accept --into runs/accepted --document docs/rollout/M4_SOCIAL_FOUNDATIONS_ACCEPTANCE.md \
	  --go-no-go docs/rollout/GO_NO_GO.md $(if $(TRAINING),--training $(TRAINING)) $(if $(CI_MINUTES),--ci-minutes $(CI_MINUTES))

# The peers stand beside the town where they are installed; they are no part of it, nor of what it is tested with.
bench: $(READY)
	@echo "bench: installing the peers of benchmarks/peers.txt"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -r benchmarks/peers.txt \
	  || echo "bench: they cannot be installed; the town is measured without them" >&2
	@echo "bench: measuring this machine, a few minutes"
	@$(TOWNLET) bench

docs: $(SITE)
	@echo "docs: regenerating the tables under docs/"
	@$(BIN)/python -m cli.documents
	@echo "docs: building the site into build/site; a warning fails it"
	@$(BIN)/python -m sphinx -W --keep-going -q docs build/site
	@echo "docs: open build/site/index.html"

# Only who builds the site needs Sphinx.
$(SITE): $(READY)
	@echo "docs: installing Sphinx"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[docs]'
	@touch $@

golden: $(READY)
	@echo "golden: regenerating the golden files under tests/; read their diff before you commit it"
	@$(BIN)/python -m tests.golden.regenerate

generate: $(READY)
	@echo "generate: writing recorders, evolve and codes from the event catalogue"
	@$(BIN)/python -m projections.generate

clean:
	@echo "clean: removing .venv and caches; runs/ stays"
	@rm -rf .venv .pytest_cache .hypothesis .mypy_cache .ruff_cache .import_linter_cache build dist
	@find $(PACKAGES) tests examples benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
