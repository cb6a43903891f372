.DEFAULT_GOAL := help
.PHONY: help setup lock demo test unit check format bench readme screenshots guides connector mutants mechanisms faults profile clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
STAMP := $(VENV)/.installed
CONNECTORS := $(patsubst %/pyproject.toml,%,$(wildcard connectors/[!_]*/pyproject.toml))
PARTS := . $(CONNECTORS) workers
PIN = $(abspath $(UV)) pip compile --universal --generate-hashes --no-header --python-version 3.11 -q \
	--no-emit-index-url --no-emit-find-links
PEERS := tools/bench/peers

##@ Start
demo: $(STAMP) ## ⭐ the whole job on a practice marketplace: import, open, faults, the night (SERVE=1: the pages stay open)
	@$(BIN)/onboarder demo $(if $(SERVE),--serve)
test: $(STAMP) ## ⭐ every test this machine can run; the last lines say what did not run
	@$(BIN)/python -m tools.suite
setup: $(STAMP) ## create the environment without running anything

##@ Work
check: $(STAMP) ## ruff, mypy strict, pyright strict, architecture tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/pyright
	@$(BIN)/pytest -q tests/architecture
unit: $(STAMP) ## only the fast tests, in parallel: no servers beyond the embedded Valkey, no faults, no mutants
	@$(BIN)/pytest -q -n auto --dist loadfile -m "not postgres and not redis_server and not mercur and not processes and not browser" \
		--ignore tests/architecture --ignore tests/conformance --ignore tests/faults
format: $(STAMP) ## let ruff rewrite what it can
	@$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format -q .
readme: $(STAMP) ## write the README's table of marketplaces again
	@$(BIN)/python -m tools.readme_table --write
screenshots: $(STAMP) ## take the guides' pictures again, by the browser tests on the real service
	@ONBOARDER_TEST_PICTURES=docs/panduan/gambar $(BIN)/pytest -q tests/browser/test_field_on_the_service.py tests/browser/test_desk_on_the_service.py
guides: $(STAMP) ## print the guides for canvassers and coordinators as PDF into var/panduan
	@$(BIN)/python -m tools.print_guides
connector: $(STAMP) ## NAME=x: a new connector that passes tier one untouched
	@$(BIN)/python -m tools.new_connector $(NAME)
mutants: $(STAMP) ## what the conformance kit makes of connectors with one defect each (ALL=1: every check)
	@$(BIN)/python -m tools.mutants $(if $(ALL),--all)
mechanisms: $(STAMP) ## which test fails when which mechanism is taken out
	@$(BIN)/python -m tools.mechanisms
faults: $(STAMP) ## the whole fault laboratory, for hours; writes docs/reliability.md
	@$(BIN)/python -m tests.faults.report
bench: $(STAMP) ## how fast and how cheap it is, beside peers; writes docs/performance.md
	@$(BIN)/python -m tools.bench
profile: $(STAMP) ## where a worker's time goes, by library and by module
	@$(BIN)/python -m tools.profile
lock: $(UV) ## pin every dependency with hashes again
	@$(PIN) --group dev --no-emit-package onboarder --no-emit-package onboarder-workers \
		$(foreach one,$(notdir $(CONNECTORS)),--no-emit-package onboarder-$(one)) pyproject.toml -o requirements.lock
	@cd $(PEERS) && $(PIN) requirements.in -o requirements.txt
clean: ## remove what the commands above made
	rm -rf $(VENV) .tools var .mypy_cache .ruff_cache .pytest_cache

help: ## this page
	@if [ -t 1 ]; then bold='\033[1m'; name='\033[36m'; off='\033[0m'; fi; \
	awk -v bold="$$bold" -v name="$$name" -v off="$$off" 'BEGIN {FS = ":.*## "; print "make <target>"} \
		/^##@/ {printf "\n%s%s%s\n", bold, substr($$0, 5), off} \
		/^[a-z-]+:.*## / {printf "  %s%-11s%s %s\n", name, $$1, off, $$2}' $(firstword $(MAKEFILE_LIST))

$(STAMP): requirements.lock pyproject.toml $(CONNECTORS:%=%/pyproject.toml) workers/pyproject.toml | $(UV)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	@$(UV) venv -q --allow-existing --no-python-downloads --python $(PYTHON) $(VENV)
	@$(UV) pip install -q --python $(BIN)/python --require-hashes -r requirements.lock
	@$(UV) pip install -q --python $(BIN)/python --no-deps $(foreach part,$(PARTS),-e $(part))
	@touch $@

.tools/bin/uv:
	@$(PYTHON) -m venv .tools
	@.tools/bin/pip install -q --disable-pip-version-check 'uv>=0.13,<0.14'
