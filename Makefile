# `make help` lists what there is. Continuous integration runs `make ci`, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
# Each test of the whole starts processes anew: what Python has compiled once it need not compile again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install run test fmt lint types imports house bench soak ci lock

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1|/' | column -t -s '|'

$(STAMP): requirements/dev.txt gateway/pyproject.toml sdk/pyproject.toml rego/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Gatepost needs Python 3.11 or newer"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "setting up $(VENV) (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e sdk -e rego -e gateway
	@touch $@

install: $(STAMP) ## set up .venv

run: $(STAMP) ## start the gateway on 127.0.0.1:41002, data in .gatepost/
	@exec $(BIN)/gatepost serve

test: $(STAMP) ## every test but the long runs
	@tools/setup-tests
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

soak: $(STAMP) ## the long runs: kill -9 fifty times, growth, chaos (SOAK=short for a short form)
	@tools/setup-tests
	@$(BIN)/python -m pytest -m soak $(if $(filter short,$(SOAK)),-n 2 --dist loadfile --no-loadscope-reorder) tests gateway/tests sdk/tests rego/tests

bench: $(STAMP) ## measure against nginx, Envoy, LiteLLM and Portkey
	@$(BIN)/python bench/run.py $(BENCH)

fmt: $(STAMP) ## format
	@$(BIN)/ruff format gateway sdk tools tests bench
	@$(BIN)/ruff check --fix -q gateway sdk tools tests bench || true

lint: $(STAMP) ## style
	@$(BIN)/ruff format --check -q gateway sdk tools tests bench
	@$(BIN)/ruff check -q gateway sdk tools tests bench
	@cd rego && ../$(BIN)/ruff check -q .

types: $(STAMP) ## strict types
	@$(BIN)/basedpyright --level error
	@cd rego && ../$(BIN)/mypy

imports: $(STAMP) ## who may import whom
	@$(BIN)/lint-imports

house: $(STAMP) ## sizes, a test file for each file, words
	@$(BIN)/python tools/sizes.py
	@$(BIN)/python tools/mirror.py
	@$(BIN)/python tools/words.py

lock: ## write the pinned requirements anew, with hashes and without index addresses
	@$(BIN)/python -m piptools compile --quiet --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --allow-unsafe --strip-extras -o requirements/dev.txt requirements/dev.in

ci: lint types imports house test ## everything, then the tree must be clean
	@git diff --exit-code --stat
