# `make run` and `make test` are all one needs; they install what is missing.
.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV ?= .venv
PY := $(VENV)/bin/python
SUPERVISOR := $(PY) -m reviewapp.supervisor
CATALOGUES := $(wildcard locale/*/LC_MESSAGES/django.po)
COMPILED := $(CATALOGUES:.po=.mo)
export VENV PYTHON TORCH_BACKEND
# Compiling PyTorch and transformers anew costs each process 10 s; Python keeps it unless forbidden.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup setup-dev run simulate shell doctor test check fmt messages e2e bench bench-loop lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile
	@echo
	@echo "  PORT=8001 make run         another port"
	@echo "  make run ARGS=--no-demo    an empty site"
	@echo "  TORCH_BACKEND=cpu make run PyTorch without CUDA, on Linux with the open internet"

setup: $(VENV)/.installed-requirements $(COMPILED) ## Create .venv and install what running needs

setup-dev: $(VENV)/.installed-requirements-dev $(COMPILED) ## ... and what checking and testing need

$(VENV)/.installed-requirements: requirements.lock
	@sh scripts/setup.sh requirements.lock

$(VENV)/.installed-requirements-dev: requirements-dev.lock requirements.lock
	@sh scripts/setup.sh requirements-dev.lock

%.mo: %.po
	@$(VENV)/bin/pybabel --quiet compile --input-file $< --output-file $@

$(COMPILED): | $(VENV)/.installed-requirements

run: setup ## Run the whole site with demo data on http://localhost:8000
	@exec $(SUPERVISOR) run --with-parent $(ARGS)

simulate: setup ## Let demo sellers, buyers and moderators act on the running site
	@exec $(SUPERVISOR) attach -- $(PY) manage.py simulate --moderators 1 $(ARGS)

shell: setup ## Open Django's shell on the running site
	@exec $(SUPERVISOR) attach -- $(PY) manage.py shell $(ARGS)

doctor: setup ## Say what this machine has and lacks
	@$(SUPERVISOR) doctor

test: check ## Run every check and every test (test_architecture.py is one of the checks)
	@exec $(SUPERVISOR) exec -- $(PY) -m pytest -n 3 --dist loadscope --no-loadscope-reorder -rs \
		--ignore=tests/test_architecture.py $(ARGS)

check: setup-dev ## Lint, format, types, layers, messages, migrations
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(PY) -m pytest -q tests/test_architecture.py
	$(PY) scripts/messages.py check
	@$(SUPERVISOR) exec -- sh scripts/check_django.sh

fmt: setup-dev ## Format the code and repair what can be repaired
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

messages: setup-dev ## Collect strings for translation into locale/fr
	$(PY) scripts/messages.py update

e2e: setup-dev ## Run the browser tests only (they need Chromium)
	@exec $(SUPERVISOR) exec -- $(PY) -m pytest -m e2e -rs $(ARGS)

bench: setup-dev ## Measure speed, each script with services of its own
	@for script in $(filter-out scripts/bench_machine.py scripts/bench_database.py scripts/bench_loop.py,$(wildcard scripts/bench_*.py)); do \
		echo "== $$script"; $(SUPERVISOR) exec --durable -- $(PY) $$script $(ARGS) || exit 1; \
	done

bench-loop: setup-dev ## Measure what corrections are worth, round by round
	@exec $(PY) scripts/bench_loop.py $(ARGS)

lock: setup-dev ## Renew the lock files from pyproject.toml
	@sh scripts/lock.sh

clean: ## Remove caches and the environment; var/ with its data stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage htmlcov test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
