.DEFAULT_GOAL := help
.PHONY: help setup lock demo test unit check lint bench clean

VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
STAMP := $(VENV)/.installed
PARTS := . connectors/rehearsal connectors/mercur workers

##@ Start
demo: $(STAMP) ## ⭐ run the whole job on a practice marketplace: import, open, faults, the night
	@$(BIN)/onboarder demo
test: $(STAMP) ## ⭐ run every test this machine can run; the last lines say what did not run
	@$(BIN)/pytest
setup: $(STAMP) ## create the environment without running anything

##@ Work
check: $(STAMP) ## ruff, mypy strict, pyright strict, architecture tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/pyright
	@$(BIN)/pytest -q tests/architecture
unit: $(STAMP) ## only the fast tests, no servers beyond the embedded ones
	@$(BIN)/pytest -q -m "not postgres and not redis_server and not mercur and not processes"
format: $(STAMP) ## let ruff rewrite what it can
	@$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format -q .
bench: $(STAMP) ## speed and memory as ratios in one run
	@$(BIN)/python -m tools.bench
lock: .tools/bin/uv ## pin every dependency with hashes again
	@$(UV) pip compile --universal --generate-hashes --no-header --python-version 3.11 -q \
		--group dev --no-emit-package onboarder --no-emit-package onboarder-rehearsal \
		--no-emit-package onboarder-mercur --no-emit-package onboarder-workers \
		--no-emit-index-url --no-emit-find-links pyproject.toml -o requirements.lock
clean: ## remove what the commands above made
	rm -rf $(VENV) .tools var .mypy_cache .ruff_cache .pytest_cache

help: ## this page
	@awk 'BEGIN {FS = ":.*## "; print "make <target>"} \
		/^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): requirements.lock pyproject.toml $(wildcard connectors/*/pyproject.toml) workers/pyproject.toml | $(UV)
	@$(UV) venv -q --allow-existing $(VENV)
	@$(UV) pip install -q --python $(BIN)/python --require-hashes -r requirements.lock
	@$(UV) pip install -q --python $(BIN)/python --no-deps $(foreach part,$(PARTS),-e $(part))
	@touch $@

.tools/bin/uv:
	@python3 -m venv .tools && .tools/bin/pip install -q --disable-pip-version-check 'uv>=0.13,<0.14'
uv:
	@true
