# Run `make help` for the list of commands. Everything lives in .venv, which the first command makes.

VENV ?= .venv
BENCH_VENV ?= .bench
TFQ_VENV ?= .bench-tfq
KERAS_VENV ?= .bench-keras
PY := $(VENV)/bin/python
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check
PINS := pyproject.toml constraints.txt

# The first Python that is new enough; `make PYTHON=/path/to/python ...` overrides the search.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; \
	done)

.DEFAULT_GOAL := help
.PHONY: help venv demo test lint format types check bench fuzz docs gates size wheel clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | \
		awk -F ':.*## ' '{ printf "  make %-8s %s\n", $$1, $$2 }'

venv: $(VENV)/.dev ## Make .venv with everything for development

demo: $(VENV)/.demo ## Train a hybrid quantum model on real pictures (about a minute)
	$(PY) examples/demo.py $(ARGS)

test: $(VENV)/.dev ## Run the whole test suite; ARGS="-k name" goes to pytest
	$(PY) -m pytest $(ARGS)

lint: $(VENV)/.dev ## Check style and formatting
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

format: $(VENV)/.dev ## Apply the formatter and the safe lint fixes
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

types: $(VENV)/.dev ## Check types (strict)
	$(PY) -m mypy

check: lint types test ## lint, types and test

bench: $(BENCH_VENV)/.stamp $(TFQ_VENV)/.stamp $(KERAS_VENV)/.stamp ## Time one training step beside other packages
	$(BENCH_VENV)/bin/python benchmarks/layer_step.py --tfq-python $(TFQ_VENV)/bin/python \
		--keras-python $(KERAS_VENV)/bin/python $(ARGS)

fuzz: $(VENV)/.fuzz ## Fuzz the parsers; ARGS="--minutes 60 dsl" says how long and which
	$(PY) tests/fuzz/parsers.py $(ARGS)

docs: $(VENV)/.dev ## Write docs/gates.md again from the gate table
	$(VENV)/bin/qstorec gates --markdown > docs/gates.md

gates: $(VENV)/.dev ## Print the gate table
	@$(VENV)/bin/qstorec gates

size: $(VENV)/.dev ## Lines per room, the longest files and functions
	@$(PY) tests/size_report.py

wheel: $(VENV)/.dev ## Build the wheel into dist/
	$(PY) -m build --wheel

clean: ## Remove environments, caches and builds
	rm -rf $(VENV) $(BENCH_VENV) $(TFQ_VENV) $(KERAS_VENV) build dist *.egg-info
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Set-up. A stamp is as new as the install it stands for; a change of the pins makes it stale.

define need_python
	@test -n "$(PYTHON)" || { echo "q-store needs Python 3.11 or newer and found none on the PATH." \
		"Install one, or name it: make PYTHON=/path/to/python $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "q-store needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual" \
		"environments; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
endef

%/pyvenv.cfg:
	$(need_python)
	@echo "Making $* with $(PYTHON)"
	@$(PYTHON) -m venv --clear $*

$(VENV)/.demo: $(PINS) | $(VENV)/pyvenv.cfg
	@echo "Installing q-store and what the demo needs (a minute or two, once)"
	@$(PY) $(PIP_INSTALL) -c constraints.txt -e ".[demo]"
	@touch $@

$(VENV)/.dev: $(PINS) | $(VENV)/pyvenv.cfg
	@echo "Installing q-store and the development tools (a minute or two, once)"
	@$(PY) $(PIP_INSTALL) -c constraints.txt -e ".[dev]"
	@touch $@

$(VENV)/.fuzz: $(VENV)/.dev
	@$(PY) $(PIP_INSTALL) -c constraints.txt -e ".[fuzz]"
	@touch $@

$(BENCH_VENV)/.stamp: $(PINS) benchmarks/requirements.txt | $(BENCH_VENV)/pyvenv.cfg
	@echo "Installing q-store and the packages it is compared with (some minutes, once)"
	@$(BENCH_VENV)/bin/python $(PIP_INSTALL) -c constraints.txt -r benchmarks/requirements.txt -e ".[torch]"
	@touch $@

$(TFQ_VENV)/.stamp: benchmarks/requirements-tfq.txt | $(TFQ_VENV)/pyvenv.cfg
	@echo "Installing TensorFlow Quantum (some minutes, once)"
	@$(TFQ_VENV)/bin/python $(PIP_INSTALL) -r benchmarks/requirements-tfq.txt
	@touch $@

$(KERAS_VENV)/.stamp: $(PINS) | $(KERAS_VENV)/pyvenv.cfg
	@echo "Installing q-store and TensorFlow and JAX for its Keras layer (some minutes, once)"
	@$(KERAS_VENV)/bin/python $(PIP_INSTALL) -c constraints.txt -e ".[tf,jax]"
	@touch $@
