# The only entry points of the repository; `make` alone explains them.
# Needs make and Python 3.11 or newer; everything else is installed into .venv, with hashes checked.

PYTHON ?= $(firstword $(shell command -v python3.11 python3.12 python3.13 python3))
VENV := .venv
RUN := $(VENV)/bin/python

# Compiled Python is kept: a run of the tests starts hundreds of commands, each of which would compile all it imports.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo quick test test-all check bench soak screenshots messages audit lock upgrade clean

help: ## explain these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F '|' '{ printf "%-16s %s\n", $$1, $$2 }'

demo: $(VENV)/.for-running ## make and serve a believable club on http://127.0.0.1:8000
	@$(VENV)/bin/tessera demo $(ARGS)

quick: $(VENV)/.for-development ## run what needs one process, on SQLite alone: for while one writes
	@$(RUN) -m tests.run --quick $(ARGS)

test: $(VENV)/.for-development ## run the whole suite on SQLite and on PostgreSQL (ARGS="-k word" for a part)
	@$(RUN) -m tests.run $(ARGS)

test-all: test ## run the suite on Python 3.13 too
	@$(RUN) -m tools.other_python 3.13 $(ARGS)

check: $(VENV)/.for-development ## lint, format, types, architecture, templates, migrations, docs (ARGS="types" for one)
	@$(RUN) -m tools.check $(ARGS)

bench: $(VENV)/.for-development ## run the benchmarks
	@$(RUN) -m benchmarks $(ARGS)

soak: $(VENV)/.for-development ## run the long versions of the fault and race tests
	@TESSERA_TEST_SCALE=1 $(RUN) -m tests.run --soak $(ARGS)

screenshots: $(VENV)/.for-development ## take the documentation's pictures again
	@$(RUN) -m tools.screenshots $(ARGS)

messages: $(VENV)/.for-development ## bring the catalogues of translations up to date
	@$(RUN) -m tools.messages $(ARGS)

audit: $(VENV)/.for-development ## check hashes, licences and unused packages
	@$(RUN) -m tools.audit $(ARGS)

lock: $(VENV)/.for-development ## pin packages again after a change of pyproject.toml
	@$(RUN) -m tools.lock

upgrade: $(VENV)/.for-development ## pin the newest packages that pyproject.toml allows
	@$(RUN) -m tools.lock --upgrade

clean: ## remove the environments and everything that tools keep
	@rm -rf .venv .venv-* .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# Running needs a third of what development needs: two stamps in one environment keep the first `make demo` short.
$(VENV)/.for-running: pyproject.toml constraints.txt tools/environment.py
	@test -e $(VENV)/.for-development || $(PYTHON) tools/environment.py $(VENV) constraints.txt
	@test ! -e $(VENV)/.for-development || $(MAKE) --no-print-directory $(VENV)/.for-development
	@touch $@

$(VENV)/.for-development: pyproject.toml constraints-dev.txt tools/environment.py
	@$(PYTHON) tools/environment.py $(VENV) constraints-dev.txt
	@touch $@ $(VENV)/.for-running
