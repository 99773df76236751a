# Deep Recurrent Language Models, Character by Character. `make help` lists the targets.

PYTHON := .venv/bin/python
VENV := .venv/.complete
UV := _build/lock/.complete
DONE := _build/test
PORT ?= 8000
# Options of tools/release/class_pack.py: PACK="--python 3.13 --platforms linux"
PACK ?=
LIBRARY := $(shell find charlm_lib -type f -not -name '*.pyc')
CHAPTERS := $(wildcard chapters/*.ipynb)
TOOLS := $(shell find tools -type f -not -name '*.pyc')
BENCHMARKS := $(wildcard benchmarks/*.py benchmarks/results.json)
PAGES := index.md $(wildcard pages/*) _config.yml _toc.yml \
	$(BENCHMARKS)
TESTS := $(shell find tests -type f -not -name '*.pyc' -not -path 'tests/browser/*' \
	-not -path 'tests/colab/*' -not -path 'tests/pack/*' -not -path 'tests/robust/*')
BROWSER_TESTS := $(wildcard tests/browser/*.py)
UNIT := tests --ignore tests/browser --ignore tests/colab --ignore tests/pack --ignore tests/robust
COMPILE := _build/lock/bin/python -m uv pip compile --universal --fork-strategy fewest \
	--python-version 3.11 --no-header --quiet
# Where the oldest versions and Colab's are tested, and with which Python if it is there.
OLDEST := _build/oldest
OLDEST_PYTHON ?= python3.11
COLAB := _build/colab
COLAB_PYTHON ?= python3.13

.PHONY: help book slides serve lab execute test lint unit notebooks browser check-site \
	bench bench-torch bench-torch-pypi test-oldest test-colab test-robust repo lock class-pack test-class-pack clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1	\2/p' Makefile | awk -F'\t' '{ printf "  make %-15s %s\n", $$1, $$2 }'

book: $(VENV) ## execute the chapters and build the site (only what changed)
	$(PYTHON) -m tools.book.build book
	@echo "The book is at _build/html/index.html; 'make serve' shows it at http://127.0.0.1:$(PORT)"

slides: $(VENV) ## execute the chapters and build their slides (only what changed)
	$(PYTHON) -m tools.book.build slides
	@echo "The slides are in _build/html/slides; 'make serve' shows them at http://127.0.0.1:$(PORT)/slides/"

serve: ## show the site in a browser at http://127.0.0.1:8000 (PORT=... for another port)
	@test -f _build/html/index.html || { echo "There is no site yet: run 'make book' first." >&2; exit 1; }
	$(PYTHON) -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

lab: $(VENV) ## open the chapters in JupyterLab
	$(PYTHON) -m jupyterlab chapters

execute: $(VENV) ## execute the chapters and write their outputs back to chapters/
	$(PYTHON) -m tools.book.build update-chapters

test: $(DONE)/lint $(DONE)/unit $(DONE)/notebooks $(DONE)/browser ## run every test that something changed for
	@echo "Every group of tests has passed for the present files ('make lint unit notebooks browser' runs all again)."

lint: $(VENV) ## check the style of Python files and notebooks
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

unit: $(VENV) ## test the library and the build scripts
	$(PYTHON) -m pytest $(UNIT) -n 2

notebooks: $(VENV) ## run the chapters in full and compare the outputs that must not change
	$(PYTHON) -m tools.book.build test-chapters

browser: $(DONE)/notebooks ## test the site, built from the committed chapters, in Chromium
	$(PYTHON) -m tools.book.build tested-site
	$(PYTHON) -m pytest tests/browser -n 3 -m 'not alone'
	$(PYTHON) -m pytest tests/browser -m alone

check-site: $(DONE)/notebooks ## build the site from nothing with warnings as errors
	$(PYTHON) -m tools.book.build tested-site --clean

bench: $(VENV) ## measure speed and memory, alone on the machine, and write benchmarks/results.json
	$(PYTHON) -m benchmarks.run

# uv knows where PyTorch keeps the build without CUDA, which PyPI does not have for Linux.
bench-torch: $(UV) ## install PyTorch's CPU build for `make bench` in an environment of its own
	python3 -m venv --clear _build/bench-torch
	_build/lock/bin/python -m uv pip install --quiet --python _build/bench-torch/bin/python \
		--torch-backend cpu $$(grep -o '^torch==[0-9.]*' locks/torch.txt) \
	|| $(MAKE) bench-torch-pypi

bench-torch-pypi:
	@echo "PyTorch's CPU build could not be installed (see above). Now PyPI's, on Linux with CUDA." >&2
	_build/bench-torch/bin/python -m pip install --disable-pip-version-check --quiet --require-hashes \
		-r locks/torch.txt

test-oldest: $(OLDEST)/.complete ## unit tests and shortened chapters with the oldest versions
	$(OLDEST)/bin/python -m pytest $(UNIT) -n 2
	$(OLDEST)/bin/python -m tools.book.build test-chapters --fast --folder $(OLDEST)/chapters

test-colab: $(VENV) $(COLAB)/.complete ## run each chapter alone, as Google Colab does
	$(PYTHON) -m pytest --noconftest tests/colab

test-robust: $(VENV) ## run each chapter twice, after a restart, in odd places and without a home
	$(PYTHON) -m pytest tests/robust -n 2

repo: $(VENV) ## write the repository's address (URL=https://HOST/OWNER/NAME) and the set-up cells
	$(PYTHON) -m tools.release.repository '$(URL)'

# The oldest versions are the lower bounds of the library's own dependencies.
lock: $(UV) ## write the lists of exact versions anew from pyproject.toml
	$(COMPILE) --generate-hashes --group book --group lab --group test \
		pyproject.toml -o requirements.txt
	$(COMPILE) --no-deps --resolution lowest-direct pyproject.toml -o _build/lock/bounds.txt
	$(COMPILE) --generate-hashes --no-annotate --constraint _build/lock/bounds.txt --group book --group test \
		--group oldest pyproject.toml -o locks/oldest.txt
	$(COMPILE) --generate-hashes --no-annotate --group pyproject.toml:colab -o locks/colab.txt

class-pack: $(DONE)/notebooks $(UV) ## pack site, notebooks and wheels for a class without a network
	$(PYTHON) -m tools.book.build tested-site
	$(PYTHON) -m tools.release.class_pack $(PACK)

test-class-pack: $(VENV) ## unpack the class pack, look at its site and train with its wheels
	$(PYTHON) -m pytest tests/pack

clean: ## remove the environment and everything that was built
	rm -rf .venv _build .pytest_cache .ruff_cache

# Modules are compiled once, when they are first imported, and not in every process again.
unexport PYTHONDONTWRITEBYTECODE

# The environment is made anew when its packages change, so that it holds these and no others.
$(VENV): requirements.txt pyproject.toml
	@for python in python3 python3.14 python3.13 python3.12 python3.11 none; do \
		$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
	done; \
	if [ $$python = none ]; then echo "Python 3.11 or newer is needed, and none was found." >&2; exit 1; fi; \
	echo "Making .venv with $$($$python --version)"; \
	$$python -m venv --clear .venv
	$(PYTHON) -m pip install --disable-pip-version-check --quiet --no-compile --require-hashes \
		-r requirements.txt
	$(PYTHON) -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e .
	@touch $@

# The first of the commands $(1) that runs.
first = $$(for python in $(1); do if $$python -c '' 2>/dev/null; then echo $$python; break; fi; done)

$(OLDEST)/.complete: $(VENV) locks/oldest.txt
	$(call first,$(OLDEST_PYTHON) $(PYTHON)) -m venv --clear $(OLDEST)
	$(OLDEST)/bin/python -m pip install --disable-pip-version-check --quiet --require-hashes \
		-r locks/oldest.txt
	$(OLDEST)/bin/python -m pip install --disable-pip-version-check --quiet --no-deps -e .
	@touch $@

$(COLAB)/.complete: $(VENV) locks/colab.txt
	$(call first,$(COLAB_PYTHON) $(PYTHON)) -m venv --clear $(COLAB)/venv
	$(COLAB)/venv/bin/python -m pip install --disable-pip-version-check --quiet --require-hashes \
		-r locks/colab.txt
	@touch $@

$(UV): locks/uv.txt
	python3 -m venv --clear _build/lock
	_build/lock/bin/python -m pip install --disable-pip-version-check --quiet --require-hashes -r locks/uv.txt
	@touch $@

# `make test` leaves a mark for each group that passed and runs it again when one of these changes.
$(DONE)/lint: $(VENV) $(LIBRARY) $(CHAPTERS) $(TOOLS) $(BENCHMARKS) $(TESTS) $(BROWSER_TESTS)
	$(MAKE) lint
	@mkdir -p $(DONE) && touch $@

$(DONE)/unit: $(VENV) $(LIBRARY) $(CHAPTERS) $(TOOLS) $(BENCHMARKS) $(TESTS)
	$(MAKE) unit
	@mkdir -p $(DONE) && touch $@

$(DONE)/notebooks: $(VENV) $(LIBRARY) $(CHAPTERS)
	$(MAKE) notebooks
	@mkdir -p $(DONE) && touch $@

# Tests that were skipped for want of Chromium have not passed.
$(DONE)/browser: $(DONE)/notebooks $(PAGES) $(TOOLS) $(BROWSER_TESTS)
	$(MAKE) browser
	@mkdir -p $(DONE) && if $(PYTHON) -m tests.browser.chromium >/dev/null; then touch $@; fi
