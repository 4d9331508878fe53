# Two commands set everything up on a machine with Python 3.11 or later: make run, make test.
PYTHON ?= python3
VENV ?= .venv
# The extras that something uses today; `all` has more, for parts that are to come.
EXTRAS := cli,plot,sklearn,fast,files,studio
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

.PHONY: run test nightly bench lint types format clean

run: $(VENV)/.run
	$(BIN)/pellucid train

# A process for each core; a file's tests stay together, since some make once what all of them look at.
test: $(VENV)/.test
	$(BIN)/python -m pytest -n auto --dist loadfile

nightly: $(VENV)/.test
	$(BIN)/python -m pytest -m nightly

# Peers are gigabytes: they are installed when they are first needed. Twenty minutes; leave the machine alone meanwhile.
bench: $(VENV)/.bench
	$(BIN)/python -m bench

lint: $(VENV)/.lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.lint
	$(BIN)/mypy

format: $(VENV)/.lint
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or later is needed; $(PYTHON) is `$(PYTHON) --version 2>&1`. Name another: make run PYTHON=python3.12"; \
	  exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml | $(BIN)/python
	$(PIP) -e '.[$(EXTRAS)]'
	@touch $@

# The versions that the tests were written against; without the file, any versions the package allows.
$(VENV)/.test: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[$(EXTRAS),test]' -c constraints.txt
	@touch $@

$(VENV)/.bench: pyproject.toml constraints.txt $(VENV)/.test
	$(PIP) -e '.[bench]' -c constraints.txt
	@touch $@

$(VENV)/.lint: pyproject.toml constraints.txt $(VENV)/.test
	$(PIP) -e '.[lint]' -c constraints.txt
	@touch $@
