# `make help` lists all targets.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8000
WORKERS ?= logical

.PHONY: help
help: ## list these targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

$(VENV)/run: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Eva needs Python 3.11 or newer; set PYTHON=python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/dev: $(VENV)/run
	@$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

.PHONY: run
run: $(VENV)/run ## start Eva and print the address of the page
	@$(BIN)/eva run --host $(HOST) --port $(PORT)

.PHONY: test
test: $(VENV)/dev ## run the whole suite, one process for each core
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: lint
lint: $(VENV)/dev ## check style, types, imports, vocabulary and generated documentation
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tools.check_vocabulary
	@$(BIN)/python -m tools.generate_docs --check

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
texts: $(VENV)/dev ## compile the locale catalogues after a change to a .po file
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

.PHONY: torture
torture: $(VENV)/dev ## kill processes 300 times while photos arrive
	@EVA_TEST_TORTURE=300 $(BIN)/python -m pytest tests/acceptance/test_crash.py

.PHONY: docs
docs: $(VENV)/dev ## write the generated parts of the documentation
	@$(BIN)/python -m tools.generate_docs

.PHONY: screenshots
screenshots: $(VENV)/dev ## take the screenshots in docs/ and docs/screenshots
	@$(BIN)/python -m tools.screenshots

.PHONY: share-images
share-images: $(VENV)/dev ## draw the share images of pages without a look
	@$(BIN)/python -m tools.draw_cards

.PHONY: clean
clean: ## remove the environment and every cache
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis *.egg-info
