# Every target says what it does behind two hashes; `make help` reads them.
VENV := .venv
BIN := $(VENV)/bin
PYTHON := $(shell command -v python3.11 || command -v python3)
PORT ?= 8000
WORKERS ?= 1
SETUP := $(VENV)/.setup
DEV := $(VENV)/.dev
CLUSTER := $(VENV)/.cluster
LOCAL := build/local
# On a machine without Java and Maven: their own, in the cache.
JAVA := PATH="$$(deploy/local/java.sh)$$PATH"
CODE := services shared tests deploy/local

.DEFAULT_GOAL := help
.PHONY: help setup run test lint types bench bench-cluster faults eval kafka elasticsearch cluster cluster-stop docs clean lock

help: ## What there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(SETUP) ## Install into .venv exactly what requirements.lock names

run: $(SETUP) ## Watch inbox/ and serve the desk (PORT=8000); the first time with five articles
	$(BIN)/clashwatch run --port $(PORT)

test: $(DEV) ## All tests but the slow ones
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow and not real"

lint: $(DEV) ## ruff: rules and format
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)

types: $(DEV) ## mypy, strict
	$(BIN)/mypy

bench: $(DEV) ## Articles a second, times to searchable and to alert, memory, bytes on disk
	$(BIN)/python -m tests.bench.bench $(BENCH)

bench-cluster: $(DEV) ## The same through real Kafka and Elasticsearch, what each part costs, beside the embedded run
	@$(JAVA) $(BIN)/python -m tests.bench.bench_cluster $(BENCH)

faults: $(DEV) ## The slow tests: processes and servers killed at random moments, 20,000 files at once
	@$(JAVA) $(BIN)/python -m pytest -n 0 tests/faults

eval: $(DEV) ## Accuracy on the articles with gold -> docs/accuracy.md; GOLD="DIR DIR" adds folders with gold.jsonl and docs/
	$(BIN)/python -m tests.accuracy $(GOLD)

kafka: ## A real Kafka broker on this machine, without Docker; says HOST:PORT
	@$(JAVA) $(PYTHON) deploy/local/kafka/broker.py start --dir $(LOCAL)/kafka

elasticsearch: ## A real Elasticsearch on this machine, without Docker; says its URL
	@$(JAVA) ELASTICSEARCH_HOME=$(abspath $(LOCAL)/elasticsearch) deploy/local/elasticsearch/elasticsearch.sh start

cluster: $(CLUSTER) ## Both, and every service of ours beside them, reading inbox/ (WORKERS=1 of each stage)
	@$(JAVA) $(BIN)/python deploy/local/cluster.py start --dir $(LOCAL) --workers $(WORKERS)

cluster-stop: ## End all that make cluster, kafka and elasticsearch started
	@$(PYTHON) deploy/local/cluster.py stop --dir $(LOCAL)

docs: $(DEV) ## The table of topics in ARCHITECTURE.md and docs/asyncapi.yaml, from shared/bus/topics.yml
	$(BIN)/python -m shared.bus.describe .

clean: ## Remove what was built, not what was collected (inbox/, clashwatch-data/)
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

lock: build/lock/bin/uv ## Resolve all dependencies anew into the two lock files
	printf 'hatchling\neditables\n' > build/lock/build.in
	$< pip compile $(COMPILE) --upgrade pyproject.toml build/lock/build.in --group dev --output-file build/lock/all.lock
	$< pip compile $(COMPILE) --constraints build/lock/all.lock pyproject.toml build/lock/build.in --output-file requirements.lock
	$< pip compile $(COMPILE) --constraints build/lock/all.lock --extra cluster pyproject.toml build/lock/build.in --output-file requirements-cluster.lock
	$< pip compile $(COMPILE) --constraints build/lock/all.lock --group dev --output-file requirements-dev.lock

COMPILE := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	--no-annotate --no-header

build/lock/bin/uv:
	$(PYTHON) -m venv build/lock
	build/lock/bin/pip install --quiet uv

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(SETUP): requirements.lock pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): requirements-dev.lock $(SETUP)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

$(CLUSTER): requirements-cluster.lock $(SETUP)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-cluster.lock
	@touch $@
