# Eva's commands. `make help` lists them.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8000

.PHONY: help
help: ## list these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(VENV)/run: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Eva needs Python 3.11 or newer; set PYTHON=python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/dev: $(VENV)/run
	@$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

.PHONY: run
run: $(VENV)/run ## start Eva and print the address of her page
	@$(BIN)/eva run --host $(HOST) --port $(PORT)

.PHONY: test
test: $(VENV)/dev ## run the whole suite
	@$(BIN)/python -m pytest

.PHONY: lint
lint: $(VENV)/dev ## check style, types and the arrows of the house
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

.PHONY: migrations
migrations: $(VENV)/dev ## check, on a new database, that the migrations make the tables that the code expects
	@data=$$(mktemp -d) && chmod 755 $$data && trap 'rm -rf '$$data EXIT && \
	  env -u DATABASE_URL EVA_DATA_DIR=$$data $(BIN)/eva migrate up && \
	  env -u DATABASE_URL EVA_DATA_DIR=$$data $(BIN)/eva migrate check

.PHONY: format
format: $(VENV)/dev ## mend style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

.PHONY: texts
texts: $(VENV)/dev ## compile the locale catalogues after a change to a .po file
	@$(BIN)/pybabel compile --directory bot/locales --domain eva --statistics

.PHONY: bench
bench: $(VENV)/dev ## measure speed and memory; keeps the figures in benchmarks/results
	@$(BIN)/python -m benchmarks.speed

.PHONY: bench-chat
bench-chat: $(VENV)/dev ## measure chat under load; keeps the figures in benchmarks/results
	@$(BIN)/python -m benchmarks.chat

.PHONY: bench-board
bench-board: $(VENV)/dev ## measure the site's pages with a million looks; keeps the figures in benchmarks/results
	@$(BIN)/python -m benchmarks.board

.PHONY: torture
torture: $(VENV)/dev ## kill Eva's processes 300 times while people send photos
	@EVA_TORTURE=300 $(BIN)/python -m pytest tests/acceptance/test_crash.py

.PHONY: screenshots
screenshots: $(VENV)/dev ## take the pictures of the pages, in docs/ and docs/screenshots
	@$(BIN)/python -m docs.shoot

.PHONY: cards
cards: $(VENV)/dev ## draw the cards to which links to pages without a look unfold
	@$(BIN)/python -m docs.draw_cards

.PHONY: clean
clean: ## remove the environment and every cache
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis *.egg-info
