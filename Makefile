# Everything runs inside .data: environment, caches, servers' data, temporary files. Removing that folder removes all of it.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.PHONY: help environment setup demo serve test bench bench-money lint schema lock clean

DATA := $(CURDIR)/.data
BIN := .data/venv/bin
# One more than cores: many tests wait for a process or a clock.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

export PIP_CACHE_DIR := $(DATA)/cache/pip
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export UV_CACHE_DIR := $(DATA)/cache/uv
export UV_PYTHON_DOWNLOADS := never
export npm_config_cache := $(DATA)/cache/npm
export XDG_CACHE_HOME := $(DATA)/cache/xdg
export NODE_COMPILE_CACHE := $(DATA)/cache/node
export PYTHONPYCACHEPREFIX := $(DATA)/cache/pycache
# Where it is set, every process would compile all that it imports: some seconds each.
unexport PYTHONDONTWRITEBYTECODE
export TMPDIR := $(DATA)/tmp

help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | awk -F '\t' '{ printf "make %-11s %s\n", $$1, $$2 }'

environment:
	@.ci/setup

setup: environment ## Make the environment from the hashed lock, and fetch GraphiQL (other targets do it when needed)
	@$(BIN)/reintegration assets

demo: environment ## The whole chain on the demo caseload, then keep serving; ONCE=1 stops at the end
	@exec $(BIN)/reintegration demo $(if $(ONCE),--once)

serve: environment ## The API and the worker on an empty database
	@exec $(BIN)/reintegration serve

# A module stays with one worker, so that what it builds for itself (a demo, a cluster, many cases) is built once.
test: environment ## All tests, in parallel; WORKERS=n sets how many
	@exec $(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 8 --dist loadscope --no-loadscope-reorder tests

bench: environment ## The read benchmark against its peers; ROUNDS=3 SECONDS=5 CASES=100000 SERVERS=… OPERATIONS=… CONNECTIONS=…
	@exec $(BIN)/python -m tests.benchmarks.run $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SECONDS),--seconds $(SECONDS)) \
		$(if $(CASES),--cases $(CASES)) $(if $(SERVERS),--servers $(SERVERS)) $(if $(OPERATIONS),--operations $(OPERATIONS)) \
		$(if $(CONNECTIONS),--connections $(CONNECTIONS))

bench-money: environment ## The money path against functions in SQL and pgbench; ROUNDS=3 SECONDS=4 CLIENTS=1,16,64 SIZES=10000,100000,1000000
	@exec $(BIN)/python -m tests.benchmarks.money.run $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SECONDS),--seconds $(SECONDS)) \
		$(if $(CLIENTS),--clients $(CLIENTS)) $(if $(SIZES),--sizes $(SIZES)) $(if $(CASES),--cases $(CASES))

lint: environment ## ruff, mypy --strict, and the floors of the architecture
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --cache-dir .data/cache/import-linter

schema: environment ## Write the contracts in schema/ anew
	@exec $(BIN)/reintegration schema write

lock: environment ## Write requirements.lock anew; LOCK_OPTIONS=--upgrade takes newer versions
	@$(BIN)/uv pip compile pyproject.toml --extra development --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --no-header --quiet $(LOCK_OPTIONS) -o requirements.lock

clean: ## Remove environment, caches and test data; what the product stored stays
	@if [ -d .data/test/postgresql ] && [ -x $(BIN)/python ]; then PYTHONPATH=src $(BIN)/python -c \
		'import pathlib, reintegration.database.embedded as e; e.EmbeddedPostgres(pathlib.Path(".data/test")).stop()'; fi
	@rm -rf .data/venv .data/cache .data/test .data/tmp .data/bench build
