# Tra. `make help` says what there is. Only python3.11 is assumed; everything else comes with `make setup`.
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
RUN    := $(BIN)/python
STAMPS := .stamps
PIP_QUIET := -q --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help setup demo run test check lint types contracts template schemas unit integration judges faults journeys bench letters soak payment-vectors screen package requirements clean

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# ---------------------------------------------------------------- the two commands
demo: setup ## file two applications in a local office, from form to sealed letter to the registry's folder
	$(RUN) -m infra.local.demo

test: setup $(STAMPS)/debian $(STAMPS)/judges check package ## everything that CI runs: sets itself up, checks, tests, packages and weighs

run: setup ## keep a local office running for people (Ctrl-C stops it); PORT=4566
	$(RUN) -m infra.local.office $(if $(PORT),--port $(PORT))

# ---------------------------------------------------------------- setting up: stamps, so that nothing is done twice
setup: $(STAMPS)/python $(STAMPS)/emulator $(STAMPS)/fonts ## environments, the emulator, fonts; fast when nothing has changed

$(STAMPS)/venv:
	@mkdir -p $(STAMPS)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@touch $@

$(STAMPS)/python: requirements-dev.txt $(STAMPS)/venv
	$(RUN) -m pip install $(PIP_QUIET) --require-hashes -r requirements-dev.txt
	@touch $@

$(STAMPS)/emulator: infra/local/requirements.txt
	@mkdir -p $(STAMPS)
	test -x .ministack/bin/python || $(PYTHON) -m venv .ministack
	.ministack/bin/python -m pip install $(PIP_QUIET) --require-hashes -r infra/local/requirements.txt
	@touch $@

$(STAMPS)/fonts: infra/fonts/package-lock.json chalicelib/signing/fonts.json $(STAMPS)/python
	$(RUN) -m infra.fonts.fetch
	@touch $@

$(STAMPS)/debian: infra/debian.sh
	@mkdir -p $(STAMPS)
	sh infra/debian.sh
	@touch $@

$(STAMPS)/judges: infra/judges/requirements.txt $(STAMPS)/debian
	test -x .judges/bin/python || $(PYTHON) -m venv .judges
	.judges/bin/python -m pip install $(PIP_QUIET) --require-hashes -r infra/judges/requirements.txt
	@touch $@

# ---------------------------------------------------------------- checks, each also alone
check: lint types contracts template schemas unit ## all checks and tests, without setting up; what takes long two at a time
	$(MAKE) -j2 --output-sync=target faults integration judges journeys

lint: ## ruff
	$(BIN)/ruff check .

types: ## mypy, strict
	$(BIN)/mypy

contracts: ## who may import whom
	$(BIN)/lint-imports --no-logo

template: ## cfn-lint: the template as written, and as AWS gets it
	$(BIN)/cfn-lint infra/template.yaml
	@mkdir -p build/local
	$(RUN) -m infra.local.sam . > build/local/sam.json
	$(BIN)/cfn-lint build/local/sam.json

schemas: ## the published schemas are those of the code
	$(RUN) -m chalicelib.contracts --check

unit: ## rules and use cases, on fakes; and the shape of the code
	$(BIN)/pytest -q tests/unit tests/architecture

integration: $(STAMPS)/debian ## adapters, routes and the world, on moto and on the emulator
	$(BIN)/pytest -q tests/integration

judges: $(STAMPS)/judges ## letters before veraPDF, Poppler, OpenSSL and qpdf; installs them (Debian) if they are missing
	$(BIN)/pytest -q tests/judges

faults: ## crash at every AWS call, interleave, repeat, disorder; writes build/faults.json
	$(BIN)/pytest -q tests/faults

journeys: ## from form to dossier in the local office, on the emulator
	$(BIN)/pytest -q tests/journeys

bench: setup $(STAMPS)/judges ## the figures; writes build/bench.json
	$(RUN) -m tests.bench

payment-vectors: setup ## a file of payment vectors against the rails; FILE=../shared/data/payment_vectors.json
	$(RUN) -m infra.payment_vectors $(or $(FILE),../shared/data/payment_vectors.json)

screen: setup ## the screening over a folder of files; DIR=… (else: every PDF of ../shared/data and of installed packages); writes build/screening.json
	$(RUN) -m infra.screen $(if $(DIR),"$(DIR)",--pdfs $(wildcard ../shared/data) $(VENV))

letters: setup ## one of each letter at each level, long, odd and mixed; DIR=build/letters
	$(RUN) -m infra.letters.make $(or $(DIR),build/letters)

soak: setup ## seal letters and check every one; COUNT=10000
	$(RUN) -m tests.bench.soak $(or $(COUNT),10000)

verify-dir: setup ## the offline verifier over a folder of letters: DIR=… TRUST=trust.json; writes build/verify.json
	$(RUN) -m chalicelib.proof --trust $(or $(TRUST),$(DIR)/trust.json) folder $(DIR) --report build/verify.json

# ---------------------------------------------------------------- what AWS gets
package: setup ## zip, layers and template in build/package; every function group against 250 MB
	$(RUN) -m infra.package

requirements: setup ## work out and pin all requirements anew, with hashes
	$(RUN) -m infra.pins

clean: ## remove what runs and checks leave behind
	rm -rf build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
