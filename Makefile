# make demo   the example on this machine: environment, compile, run, name the plots
# make test   environment, linters, type check, all tests (the cluster tests too where the testbed can be built)
# make docs   the documentation, as a site to read in site/
PYTHON ?= python3
VENV = .venv
BIN = $(VENV)/bin
SHELL_FILES = $(shell git ls-files 'wrapper/*.sh' 'examples/*.sh' 'tests/*.sh' ':!tests/golden' ':!tests/specs') tests/testbed/testbed .ci/run

ENGINES = tests/yadage tests/cwl

.PHONY: demo test lint fast engines cluster golden docs clean

demo: $(VENV)/examples.done
	rm -rf demo/bsm-search-make
	$(BIN)/wfcompile examples/bsm-search/bsm-search.yml --target make --container none -o demo/bsm-search-make
	PATH="$(CURDIR)/$(BIN):$$PATH" $(MAKE) --no-print-directory -C demo/bsm-search-make -j4 -k
	@ls -1 demo/bsm-search-make/run/outputs/*.pdf

test: lint fast engines cluster

lint: $(VENV)/dev.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@$(BIN)/shellcheck --external-sources $(SHELL_FILES)
	@$(BIN)/shfmt -i 2 -ci -d $(SHELL_FILES)

fast: $(VENV)/dev.done
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pytest -q -n 2 --dist worksteal $(ENGINES:%=--ignore=%)

# Compared with the engines themselves: minutes.
engines: $(VENV)/dev.done
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pytest -q -n 2 --dist worksteal $(ENGINES)

cluster: $(VENV)/dev.done
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pytest -q -m cluster -rs

golden: $(VENV)/dev.done
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pytest -q tests/test_bundle.py --update-golden

docs: $(VENV)/dev.done
	$(BIN)/mkdocs build

$(VENV)/made:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --upgrade 'pip>=25.1' # knows dependency groups
	touch $@

$(VENV)/examples.done: $(VENV)/made pyproject.toml
	$(BIN)/pip install -q -e '.[examples]'
	touch $@

$(VENV)/dev.done: $(VENV)/made pyproject.toml
	$(BIN)/pip install -q -e '.[examples,yadage]' --group dev
	touch $@

clean:
	rm -rf $(VENV) demo build dist site
