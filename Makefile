# Everything a fresh clone needs is Python >= 3.11, pip, git and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: test demo check lint types layers smoke test-slow browser clean

$(BIN)/tox: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "tox>=4.30" "pip>=25.1"
	@touch $@

$(BIN)/codemode: pyproject.toml $(BIN)/tox
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

## test: the project's tests on the default interpreter, through tox
test: $(BIN)/tox
	$(BIN)/tox run -e py

## demo: repair a copy of example_project with no key and no network
demo: $(BIN)/codemode
	$(BIN)/python -m tests.example.demo

lint types layers test-slow: $(BIN)/tox
	$(BIN)/tox run -e $@

# Each waits for others half of the time: for pip, for processes. What fails is printed whole.
PARALLEL := $(BIN)/tox run-parallel --parallel-no-spinner -p 3

## check: lint, types and layers at the same time
check: $(BIN)/tox
	$(PARALLEL) -e lint,types,layers

## smoke: what shows whether other interpreters and the oldest releases work at all
smoke: $(BIN)/tox
	$(PARALLEL) -e py312-smoke,py313-smoke,lowest

NODE_MODULES := tests/browser/node_modules/.package-lock.json
APT := $(if $(filter 0,$(shell id -u)),,sudo )env DEBIAN_FRONTEND=noninteractive apt-get

$(NODE_MODULES): tests/browser/package.json tests/browser/package-lock.json
	cd tests/browser && npm ci --silent
	@touch $@

## browser: what the tests of the HTML report need: Debian's chromium, node, and two packages from npm
browser:
	@missing=; for pair in chromium:chromium node:nodejs npm:npm; do \
	    command -v $${pair%:*} >/dev/null || missing="$$missing $${pair#*:}"; done; \
	[ -z "$$missing" ] || { $(APT) update -qq && $(APT) install -y -qq --no-install-recommends $$missing >/dev/null; }
	@$(MAKE) --no-print-directory $(NODE_MODULES)

clean:
	rm -rf $(VENV) tests/browser/node_modules .tox .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build dist
