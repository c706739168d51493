# `make help` lists all targets.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8000
WORKERS ?= logical
LOCK ?= run
# Where it is set, each start of Eva in the tests would compile her again, and each of their processes all tests.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## list these targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

PIP := -m pip --disable-pip-version-check
# Only files whose SHA-256 is in the lock are installed, from whichever index pip is configured with. Eva itself is
# built by the locked setuptools, without a download.
LOCKED := $(PIP) install --only-binary :all: --require-hashes --requirement
EDITABLE := $(BIN)/python $(PIP) install --quiet --no-index --no-deps --no-build-isolation --editable .
NOT_INSTALLED = { echo "The packages were not installed; the reason is above. They need the internet or a mirror, space on the disk,\
 and Python 3.11 to $(1) on Linux (x86-64 or arm64, not Alpine) or macOS (arm64).\
 To use another Python: make clean, then set PYTHON=python3.12" >&2; exit 1; }

$(VENV)/run: pyproject.toml requirements/run.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Eva needs Python 3.11 or newer; set PYTHON=python3.11")'
	@echo "Installing Eva into $(VENV), once. It downloads about 90 MB and takes one to five minutes."
	@$(BIN)/python -I -c 'import pip._internal.cli.main' > /dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python $(LOCKED) requirements/run.txt || $(call NOT_INSTALLED,3.14)
	@$(EDITABLE)
	@touch $@

# A module is compiled when it is first imported: of 12,000, tests need a third. Those of run.txt are compiled at once,
# since servers may not write to their environment.
$(VENV)/dev: $(VENV)/run requirements/dev.txt
	@echo "Installing the tools for tests and training into $(VENV), once. The packages are about 800 MB."
	@$(BIN)/python $(LOCKED) requirements/dev.txt --quiet --no-compile || $(call NOT_INSTALLED,3.13)
	@touch $@

UV := UV_NO_CONFIG=1 $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
  --constraint requirements/constraints.in $(if $(UPGRADE),--upgrade)

.PHONY: lock
lock: $(VENV)/dev ## resolve requirements/*.txt again after a change of pyproject.toml; UPGRADE=1 takes new releases
	@$(UV) pyproject.toml requirements/build.in --extra dev --output-file requirements/dev.txt
	@$(UV) pyproject.toml requirements/build.in --constraint requirements/dev.txt --output-file requirements/run.txt
	@$(UV) requirements/audit.in --output-file requirements/audit.txt

.PHONY: run
run: $(VENV)/run ## start Eva and print the address of the page
	@$(BIN)/eva run --host $(HOST) --port $(PORT)

.PHONY: demo
demo: $(VENV)/run ## start Eva with samples on the leaderboard and print a moderator's login link
	@$(BIN)/eva demo --host $(HOST) --port $(PORT)

.PHONY: install
install: $(VENV)/run ## install what `make run` needs, without starting

.PHONY: test
test: $(VENV)/dev ## run the whole suite, one process for each core
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --durations 30 --durations-min 2

.PHONY: lint
lint: $(VENV)/dev ## check style, types, imports, vocabulary, docstrings, sizes and generated documentation
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tools.check_vocabulary
	@$(BIN)/python -m tools.check_docstrings
	@$(BIN)/python -m tools.check_sizes
	@$(BIN)/python -m tools.generate_docs --check
	@! command -v msgfmt > /dev/null || for catalog in core/i18n/locales/*/LC_MESSAGES/eva.po; do \
		msgfmt -c -o /dev/null $$catalog || exit 1; done

$(VENV)/audit/bin/pip-audit: requirements/audit.txt
	@$(PYTHON) -m venv $(VENV)/audit
	@$(VENV)/audit/bin/python $(LOCKED) requirements/audit.txt --quiet
	@touch $@

.PHONY: audit
audit: $(VENV)/audit/bin/pip-audit ## look for known vulnerabilities of the locked releases; LOCK=dev for the tools, needs the internet
	@$< --disable-pip --require-hashes --strict --requirement requirements/$(LOCK).txt

.PHONY: migrations
migrations: $(VENV)/dev ## check that the migrations create the tables that the code expects
	@data=$$(mktemp -d) && chmod 755 $$data && trap 'rm -rf '$$data EXIT && \
	  env -u DATABASE_URL EVA_DATA_DIR=$$data $(BIN)/eva migrate up && \
	  env -u DATABASE_URL EVA_DATA_DIR=$$data $(BIN)/eva migrate check

.PHONY: format
format: $(VENV)/dev ## fix style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

.PHONY: texts
texts: $(VENV)/dev ## compile the locale catalogs after a change to a .po file
	@$(BIN)/pybabel compile --directory core/i18n/locales --domain eva --statistics

.PHONY: bench
bench: $(VENV)/dev ## measure speed and memory; writes benchmarks/results
	@$(BIN)/python -m benchmarks.speed

.PHONY: bench-chat
bench-chat: $(VENV)/dev ## measure chat under load; writes benchmarks/results
	@$(BIN)/python -m benchmarks.chat

.PHONY: bench-pages
bench-pages: $(VENV)/dev ## measure the site's pages with a million looks; writes benchmarks/results
	@$(BIN)/python -m benchmarks.pages

.PHONY: bench-flooding
bench-flooding: $(VENV)/dev ## measure what one chat that floods costs the others; writes benchmarks/results
	@$(BIN)/python -m benchmarks.flooding

.PHONY: bench-frames
bench-frames: $(VENV)/dev ## measure frames of the chat on a slow processor; needs Chromium; writes benchmarks/results
	@$(BIN)/python -m benchmarks.chat_frames

.PHONY: bench-scaling
bench-scaling: $(VENV)/dev ## measure photos a second with 1, 2 and 4 workers; writes benchmarks/results
	@$(BIN)/python -m benchmarks.scaling

.PHONY: torture
torture: $(VENV)/dev ## kill processes 300 times and fill the disk while photos arrive
	@EVA_TEST_TORTURE=300 $(BIN)/python -m pytest -s tests/acceptance/test_crash.py tests/acceptance/test_full_disk.py

.PHONY: rolling
rolling: $(VENV)/dev ## restart processes behind Caddy, HAProxy and nginx while requests and photos arrive
	@EVA_TEST_RESTARTS=3 $(BIN)/python -m pytest -s tests/acceptance/test_rolling_restart.py

.PHONY: bundle
bundle: ## write the bundle for AWS Elastic Beanstalk to dist/
	@$(PYTHON) -m tools.make_bundle

.PHONY: docs
docs: $(VENV)/dev ## write the generated parts of the documentation
	@$(BIN)/python -m tools.generate_docs

.PHONY: screenshots
screenshots: $(VENV)/dev ## take the screenshots in docs/ and docs/screenshots
	@$(BIN)/python -m tools.screenshots

.PHONY: site-assets
site-assets: $(VENV)/dev ## draw the share images of pages without a look
	@$(BIN)/python -m tools.site_assets

.PHONY: clean
clean: ## remove the environment and every cache
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis *.egg-info
