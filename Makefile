# Every target explains itself: `make help`.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
BIN := .venv/bin
MEMBERS := libs/common libs/prestashop $(wildcard services/*) tools/simulator tools/stack tools/cli tools/bench
INSTALLED := .venv/.installed
NODE_INSTALLED := tests/node/node_modules/.installed

.PHONY: help setup lock demo up down postman test test-unit lint format check contract contracts documents swagger-ui bench faults simulate fuzz
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z][a-z-]*:.*## / {printf "  \033[36m%-12s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(INSTALLED) ## Create .venv with the pinned versions (the other targets call it)

$(INSTALLED): requirements.lock $(wildcard $(addsuffix /pyproject.toml,$(MEMBERS)))
	@bash deploy/setup.sh $(MEMBERS)
	@touch $@

# Node itself is one of the pinned wheels.
$(NODE_INSTALLED): $(INSTALLED) tests/node/package-lock.json
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --prefix tests/node --ignore-scripts --silent --no-audit --no-fund
	@touch $@

demo: $(INSTALLED) ## Fill a simulated shop from nothing and check every figure (about two minutes; needs no Docker)
	@$(BIN)/skuwire demo

up: $(INSTALLED) ## Keep everything running on this machine until Ctrl-C
	@$(BIN)/skuwire up

down: $(INSTALLED) ## Stop what `make up` keeps running; its data stays
	@$(BIN)/skuwire down

postman: $(INSTALLED) $(NODE_INSTALLED) ## Run the Postman collection against what `make up` keeps running
	@bash deploy/postman.sh

test: $(INSTALLED) $(NODE_INSTALLED) ## Run every test, on a private RabbitMQ and PostgreSQL
	@$(BIN)/python -m stack.prepare
	@$(BIN)/python -m pytest -q --numprocesses 3 --dist loadfile --no-loadscope-reorder

test-unit: $(INSTALLED) ## Run the tests that need no server (seconds)
	@$(BIN)/python -m pytest -q libs/*/tests/unit services/*/tests/unit tools/*/tests/unit

lint: $(INSTALLED) ## Check style, types and the directions of imports
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy $(addsuffix /src,$(MEMBERS)) examples
	@$(BIN)/lint-imports --no-logo

format: $(INSTALLED) ## Put every file into the one format
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

check: lint test ## What CI runs

lock: $(INSTALLED) ## Resolve requirements.lock anew from the pyproject files
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
		--prerelease if-necessary-or-explicit --python-version 3.11 --group dev pyproject.toml -o requirements.lock \
		$(foreach member,$(MEMBERS),--no-emit-package skuwire-$(notdir $(member)))

contract: $(INSTALLED) ## Hold the simulated shop to the recorded exchanges of real ones
	@$(BIN)/python -m simulator.contract tools/simulator/tests

contracts: $(INSTALLED) ## Freeze the messages between services: new types and optional fields, nothing else
	@$(BIN)/python tests/contracts/freeze.py

documents: $(INSTALLED) ## Write the documents that the gateway serves to docs/, and the guides as its pages
	@$(BIN)/python tests/contracts/documents.py
	@$(BIN)/python tests/contracts/guides.py

swagger-ui: $(INSTALLED) ## Fetch the vendored Swagger UI of the page /docs/api anew, and check its hashes
	@bash deploy/swagger-ui.sh

bench: $(INSTALLED) ## Measure the stack against a bare loop and a user's script (about a minute and a half)
	@$(BIN)/python -m bench speed

faults: $(INSTALLED) ## Every fault of a shop against every kind of write: nothing lost, twice or wrong (about twenty minutes)
	@$(BIN)/python -m bench faults

simulate: $(INSTALLED) ## 200,000 schedules of kills, freezes, outages and lost answers: one product in each (under a minute)
	@$(BIN)/python -m bench simulate

fuzz: $(INSTALLED) ## Hostile requests, four bodies of 133 MB, 20,000 requests made of the OpenAPI document: no error, no hang, bounded memory
	@$(BIN)/python -m bench fuzz
	@$(BIN)/python -m bench fuzz-document
