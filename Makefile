# Everything is done in .venv, node_modules and a few hidden folders; `make clean` removes them.
# Steps that are done leave a stamp in .make, named after the contents they depend on.

PYTHON ?=
WORKERS ?= 2

VENV := .venv/bin
STAMPS := .make
UV := $(VENV)/uv pip install --quiet --python $(VENV)/python
NPM_QUIET := --no-audit --no-fund --loglevel=error

# The project's own compiler folder, and its programs before all others.
export SOLCX_BINARY_PATH := $(CURDIR)/.solcx
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/tools/node_modules/.bin:$(PATH)
unexport PYTHONHOME PYTHONPATH VIRTUAL_ENV

# npm, uv and Ape keep things at home; where that cannot be written to, as in a container that is
# run by just any user, they keep them here.
ifneq ($(shell test -d "$$HOME" && test -w "$$HOME" && echo yes),yes)
export HOME := $(CURDIR)/.cache/home
$(shell mkdir -p "$(HOME)")
endif

stamp = $(STAMPS)/$(1)-$(shell cat $(2) | cksum | tr ' ' -)
ENVIRONMENT := $(call stamp,environment,requirements/bootstrap.txt)
DEMO := $(call stamp,demo,requirements/demo.txt requirements/bootstrap.txt pyproject.toml)
DEV := $(call stamp,dev,requirements/dev.txt requirements/bootstrap.txt pyproject.toml)
SLITHER := $(call stamp,slither,requirements/slither.txt requirements/bootstrap.txt)
HALMOS := $(call stamp,halmos,requirements/halmos.txt requirements/bootstrap.txt)
CURVESIM := $(call stamp,curvesim,requirements/curvesim.txt requirements/bootstrap.txt)
PACKAGES := $(call stamp,packages,package-lock.json)
TOOLS := $(call stamp,tools,tools/package-lock.json)
HARDHAT := $(call stamp,hardhat,tools/hardhat/package-lock.json)
PEERS := $(call stamp,peers,tools/peers/package-lock.json)
COMPILER := $(call stamp,compiler,tools/package-lock.json scripts/solc.cjs scripts/_compiler.py)

.PHONY: help demo test check coverage prove format artifacts reference bench growth soak snapshots mutants bench-gas up lock clean
.DEFAULT_GOAL := help

help: ## this list
	@echo 'make TARGET, where TARGET is one of'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(DEMO) ## set up and watch the economy survive the crash of March 2020 (needs Python only)
	$(VENV)/defi-kit demo

test: export HYPOTHESIS_PROFILE ?= same
test: check $(HARDHAT) $(PEERS) ## set up and run everything: formatters, linters, types, all tests, Ape's too
	$(VENV)/python -m pytest -n $(WORKERS) --dist loadgroup
	$(VENV)/ape test tests/ape
	$(VENV)/ape test tests/ape --network ethereum:local:test

check: $(DEV) $(COMPILER) $(SLITHER) ## formatters, linters, types and Slither
	@if command -v forge >/dev/null; then echo 'forge fmt --check' && forge fmt --check; \
	else echo 'forge is not installed here: Solidity formatting goes unchecked'; fi
	$(VENV)/ruff format --check
	$(VENV)/ruff check
	$(VENV)/mypy
	$(VENV)/python scripts/slither.py

coverage: $(DEV) $(COMPILER) ## lines and branches of the Solidity that the tests reach, in .cache/coverage/report
	$(VENV)/python scripts/coverage.py --snapshot -n $(WORKERS) --dist loadgroup

prove: $(DEV) $(COMPILER) $(HALMOS) ## proofs about the maths libraries, by symbolic execution
	$(VENV)/python scripts/prove.py

format: $(DEV) $(COMPILER) ## lay out Python and Solidity as `check` wants them
	$(VENV)/ruff check --fix-only
	$(VENV)/ruff format
	forge fmt

artifacts: $(DEV) $(COMPILER) ## compile the contracts; write artifacts, bindings and Ape's cache
	$(VENV)/python scripts/artifacts.py

reference: $(DEV) ## write docs/reference/ from docstrings, NatSpec and the command line's help
	$(VENV)/python scripts/reference.py

bench: $(DEV) $(TOOLS) ## how fast everything is, beside pyrevm, web3.py and curvesim; written to snapshots/ and README
	@$(MAKE) --no-print-directory $(CURVESIM) \
	|| echo 'curvesim could not be installed, for the reason above: the ratio to it stays empty'
	$(VENV)/defi-kit bench speed --peer curvesim=.quality/curvesim/bin/python \
	  --output snapshots/speed.json $(ARGS)
	$(VENV)/python scripts/speed_table.py

growth: $(DEMO) ## how time and memory grow with accounts, pools and a million blocks, drawn to build/growth.png
	$(VENV)/defi-kit bench growth --largest 1000000 --plot build/growth.png $(ARGS)

soak: $(DEMO) $(TOOLS) ## a million transactions embedded, a hundred thousand on Anvil, and their memory; ARGS=--json
	$(VENV)/defi-kit bench soak $(ARGS)

snapshots: $(DEMO) $(TOOLS) ## measure the gas of every verb on Anvil and write it to snapshots/
	$(VENV)/python scripts/snapshot_gas.py

mutants: $(DEV) $(COMPILER) ## change the contracts a little, 600 times, and see what no test notices; ARGS=--seed=2
	$(VENV)/python scripts/mutants.py --jobs $(WORKERS) --output snapshots/mutants.json $(ARGS)

bench-gas: $(DEMO) $(TOOLS) $(PEERS) ## gas of every verb beside Uniswap, Morpho and Aave; ARGS=--json
	$(VENV)/defi-kit bench gas $(ARGS)

up: $(DEMO) $(TOOLS) ## an Anvil on 127.0.0.1:8545 with the economy deployed, until Ctrl-C
	$(VENV)/defi-kit up

lock: $(DEV) ## resolve the dependencies anew and write requirements/*.txt
	@for name in dev demo bootstrap slither halmos curvesim; do $(VENV)/python scripts/_lock.py $$name; done

clean: ## remove all that make has made
	rm -rf .venv .quality .python .make .solcx .build .cache build dist
	rm -rf node_modules tools/node_modules tools/hardhat/node_modules tools/peers/node_modules
	rm -rf .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache src/*.egg-info
	find src scripts tests -name __pycache__ -type d -prune -exec rm -rf {} +

# --- set-up -----------------------------------------------------------------------------------------

$(ENVIRONMENT):
	@sh scripts/environment.sh $(PYTHON)
	@mkdir -p $(STAMPS) && rm -f $(STAMPS)/* && touch $@

$(DEMO): $(ENVIRONMENT)
	$(UV) --require-hashes --compile-bytecode -r requirements/demo.txt
	$(UV) --no-deps --no-build-isolation --offline --editable .
	@touch $@

$(DEV): $(ENVIRONMENT)
	$(UV) --require-hashes --no-deps --no-build-isolation --compile-bytecode -r requirements/dev.txt
	$(UV) --no-deps --no-build-isolation --offline --editable .
	@touch $@ $(DEMO)

# quality NAME: what requirements/NAME.txt pins, in an environment of its own.
define quality
	$(VENV)/uv venv --quiet --clear --python $(VENV)/python .quality/$(1)
	$(VENV)/uv pip install --quiet --python .quality/$(1)/bin/python --require-hashes \
	  --compile-bytecode -r requirements/$(1).txt
	@touch $@
endef

$(SLITHER): $(ENVIRONMENT)
	$(call quality,slither)

$(HALMOS): $(ENVIRONMENT)
	$(call quality,halmos)

$(CURVESIM): $(ENVIRONMENT)
	$(call quality,curvesim)

# npm_ci FOLDER: what the folder's lock file lists; tried twice, for registries hiccup.
define npm_ci
	@sh scripts/find_node.sh
	cd $(1) && { npm ci $(NPM_QUIET) || { sleep 3; npm ci $(NPM_QUIET); }; }
endef

$(PACKAGES): | $(ENVIRONMENT)
	$(call npm_ci,.)
	@touch $@

$(HARDHAT): | $(ENVIRONMENT)
	$(call npm_ci,tools/hardhat)
	@touch $@

$(PEERS): | $(ENVIRONMENT)
	$(call npm_ci,tools/peers)
	@touch $@

$(TOOLS): | $(ENVIRONMENT)
	$(call npm_ci,tools)
	@for program in anvil cast forge; do \
	  if [ -e tools/node_modules/.bin/$$program ]; then \
	    ln -sf ../../tools/node_modules/.bin/$$program .venv/bin/$$program; fi; done
	@touch $@

$(COMPILER): $(TOOLS) $(PACKAGES) $(DEV)
	$(VENV)/python scripts/_compiler.py
	@touch $@
