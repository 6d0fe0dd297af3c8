# One command for each thing. `make run` shows the hub, `make test` proves it; both install what they need into .venv.

.DEFAULT_GOAL := help
.PHONY: help run test check bench bench-routing soak crash-points screens clean browser servers fuzz sbom asvs
SHELL := /bin/bash

PIP := .venv/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
# The first Python that is new enough; PYTHON=… chooses another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)

# So many processes test side by side, each with a Postgres of its own; files go to them in the order of tests/conftest.py.
# One more than the two cores of a small machine: a good part of the tests waits for something.
JOBS ?= 3

help:
	@echo "make run    the hub with sample customers, on an embedded Postgres; data stay in var/"
	@echo "make test   install what the tests need, then check everything"
	@echo "make check  format, lint, types, floors, tests (as make test, without installing)"
	@echo "make bench  measure intake, letters, replies, push to screen and memory"
	@echo "make bench-routing  the routing engine beside other policies, on simulated weeks (SEEDS=1-10 LOAD=1.0)"
	@echo "make soak   faults at random under load, several hubs, with a report (MINUTES=10 HUBS=3 SEED=1 RATE=20 REPORT=var/soak)"
	@echo "make fuzz   attack a hub of its own for MINUTES=10, from a SEED of its own or yours"
	@echo "make sbom   a bill of materials of what is pinned, on standard output"
	@echo "make asvs   make anew what of docs/asvs.csv and SECURITY.md follows from the code"
	@echo "make crash-points  a hub dies at each point of the code in turn (MATCH=deliver: only those; TIMES=200: at random)"
	@echo "make screens  take the pictures of docs/screens/ anew"
	@echo "make clean  remove .venv and caches; var/ stays"

run: .venv/.for-run
	@exec .venv/bin/contact-hub demo

test: .venv/.for-tests browser servers
	@$(MAKE) --no-print-directory check

check:
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/pytest --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder

bench: .venv/.for-tests
	.venv/bin/python -m tests.benchmarks.run

# The benchmark itself is not part of this project; its file is named here.
ROUTING_BENCH ?= ../shared/bench/routing_sim.py
SEEDS ?= 1-10
LOAD ?= 1.0

bench-routing: .venv/.for-tests
	@test -f "$(ROUTING_BENCH)" || { echo "ROUTING_BENCH=… names the routing benchmark; $(ROUTING_BENCH) is not there."; exit 1; }
	PYTHONPATH=. .venv/bin/python $(ROUTING_BENCH) run --seeds $(SEEDS) --load $(LOAD) --policy tests.benchmarks.hub_route:policy \
		--only "contact hub,Chatwoot,libredesk,Rocket,TaskRouter,Genesys,Zendesk,EDF,c-mu,hub index"

MINUTES ?= 10
HUBS ?= 3
RATE ?= 20
EVERY ?= 5
REPORT ?= var/soak

soak: .venv/.for-tests
	.venv/bin/python -m tests.faults.soak --minutes $(MINUTES) --hubs $(HUBS) --seed $(or $(SEED),1) --rate $(RATE) --every $(EVERY) --report $(REPORT) $(if $(GATE),--gate)

MINUTES ?= 10
SEED ?=

fuzz: .venv/.for-tests
	.venv/bin/python -m tests.security.fuzz --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

sbom: .venv/.for-tests
	@.venv/bin/python -m tests.security.bill_of_materials

asvs: .venv/.for-tests
	@.venv/bin/python -m tests.security.asvs

MATCH ?=
TIMES ?= 0

crash-points: .venv/.for-tests
	.venv/bin/python -m tests.faults.every_point --match "$(MATCH)" --times $(TIMES) --seed $(or $(SEED),1)

screens: .venv/.for-tests browser
	.venv/bin/python -m tests.screens

browser:
	@bash tests/install_browser.sh

servers:
	@bash tests/install_servers.sh

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov dist build

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; there is none on the PATH (PYTHON=… names one)."; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "The module venv is needed (on Debian: apt-get install python3-venv)."; exit 1; }

# The build backend comes from the constraints file as well, so nothing is fetched in a version that was never tried.
.venv/.for-run: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Installing into .venv …"
	@$(PIP) hatchling editables
	@$(PIP) --no-build-isolation --editable '.[sandbox]'
	@touch $@

.venv/.for-tests: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Installing into .venv …"
	@$(PIP) hatchling editables
	@$(PIP) --no-build-isolation --editable '.[dev]'
	@touch $@ .venv/.for-run
