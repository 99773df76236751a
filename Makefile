# Deep Recurrent Language Models, Character by Character. `make help` lists the targets.

PYTHON := .venv/bin/python
VENV := .venv/.complete
UV := _build/uv/made-from.txt
BOOK := $(PYTHON) -m tools.book
PORT ?= 8000
# Options of tools/release/class_pack.py: PACK="--python 3.13 --platforms linux"
PACK ?=
UNIT := tests --ignore tests/browser --ignore tests/colab --ignore tests/pack --ignore tests/robust
COMPILE := _build/uv/bin/uv pip compile --no-header --quiet
FEWEST := --universal --python-version 3.11 --fork-strategy fewest
# For every Python the newest versions that it can have: JAX leaves an old Python behind after a while.
EACH := --universal --python-version 3.11 --fork-strategy requires-python
# Readers' systems, for which `make lock` finds out whether everything comes as a wheel.
SYSTEMS := x86_64-manylinux_2_28 aarch64-manylinux_2_28 aarch64-apple-darwin x86_64-pc-windows-msvc
# Where the oldest and newest versions and Colab's are tested, and with which Python if it is there.
OLDEST := _build/oldest
OLDEST_PYTHON ?= python3.11
NEWEST := _build/newest
NEWEST_PYTHON ?= python3.14 python3.13 python3.12
COLAB := _build/colab
COLAB_PYTHON ?= python3.13

.PHONY: help book slides pdf serve lab plain execute test lint unit notebooks browser engines check-site \
	mutants bench bench-torch gpu-check test-oldest test-newest test-colab test-robust repo lock class-pack test-class-pack clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1	\2/p' Makefile | awk -F'\t' '{ printf "  make %-15s %s\n", $$1, $$2 }'

book: $(VENV) ## build the site; executes only chapters whose committed outputs are out of date
	$(BOOK) book
	@echo "The book is at _build/html/index.html; 'make serve' shows it at http://127.0.0.1:$(PORT)"

slides: $(VENV) ## build the slides of the chapters
	$(BOOK) slides
	@echo "The slides are in _build/html/slides; 'make serve' shows them at http://127.0.0.1:$(PORT)/slides/"

pdf: $(VENV) ## print the whole book as one PDF (needs Chromium), and link it from the front page
	$(BOOK) pdf

serve: ## show the site in a browser at http://127.0.0.1:8000 (PORT=... for another port)
	@test -f _build/html/index.html || { echo "There is no site yet: run 'make book' first." >&2; exit 1; }
	$(PYTHON) -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

lab: $(VENV) ## open the chapters in JupyterLab
	$(PYTHON) -m jupyterlab chapters

plain: $(VENV) ## write the chapters' roles, labels and boxes as plain Markdown, with present numbers
	$(BOOK) plain

execute: $(VENV) ## train all models anew, and write outputs and models to chapters/
	$(BOOK) execute

test: $(VENV) ## run every test that something changed for
	$(BOOK) test

lint: $(VENV) ## check the style of Python files and notebooks
unit: $(VENV) ## test the library and the build scripts
notebooks: $(VENV) ## run the chapters in full and compare the outputs that must not change
browser: $(VENV) ## test the site, built from the committed chapters, in Chromium
engines: $(VENV) ## test that site in Firefox and WebKit, as far as they are there
lint unit notebooks browser engines:
	$(BOOK) test $@

check-site: $(VENV) ## build the site from nothing with warnings as errors
	$(BOOK) tested-site --clean

# Their tools are in an environment of their own; npm runs no script of a package.
MUTANTS := _build/mutants/.complete
$(MUTANTS): $(VENV) locks/mutants.txt locks/mutants/package-lock.json
	$(PYTHON) -m tools.environment _build/mutants/venv locks/mutants.txt
	mkdir -p _build/mutants/js
	cp locks/mutants/package.json locks/mutants/package-lock.json _build/mutants/js
	cd _build/mutants/js && npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

mutants: $(MUTANTS) ## put mistakes into the code, and list those that no test notices (half an hour)
	$(PYTHON) -m tests.mutants

bench: $(VENV) ## measure speed and memory, alone on the machine, and write benchmarks/results.json
	$(PYTHON) -m benchmarks.run

# uv knows where PyTorch keeps the build without CUDA, which PyPI does not have for Linux.
bench-torch: $(UV) ## install PyTorch's CPU build for `make bench` in an environment of its own
	_build/uv/bin/uv venv --quiet --clear --no-project --python $(PYTHON) _build/bench-torch
	_build/uv/bin/uv pip install --quiet --python _build/bench-torch/bin/python \
		--torch-backend cpu $$(grep -o '^torch==[0-9.]*' locks/torch.txt) \
	|| { echo "PyTorch's CPU build could not be installed (see above). Now PyPI's, on Linux with CUDA." >&2; \
		python3 -m tools.environment _build/bench-torch locks/torch.txt; }

# Where JAX for the GPU is in another environment: make gpu-check PYTHON=python3, which makes no .venv.
gpu-check: $(if $(filter .venv/%,$(PYTHON)),$(VENV)) ## check parity, chapters, memory and speed on a machine with a GPU
	$(PYTHON) -m benchmarks.gpu

test-oldest: $(OLDEST)/.complete ## unit tests and shortened chapters with the oldest versions
	$(OLDEST)/bin/python -m pytest $(UNIT) -n 2
	$(OLDEST)/bin/python -m tools.book fast-notebooks $(OLDEST)/chapters

test-newest: $(NEWEST)/.complete ## unit tests and shortened chapters with the newest Python and versions
	$(NEWEST)/bin/python -m pytest $(UNIT) -n 2
	$(NEWEST)/bin/python -m tools.book fast-notebooks $(NEWEST)/chapters

test-colab: $(VENV) $(COLAB)/.complete ## run each chapter alone, as Google Colab does
	$(PYTHON) -m pytest --noconftest tests/colab

test-robust: $(VENV) ## run each chapter twice, after a restart, in odd places and without a home
	$(PYTHON) -m pytest tests/robust -n 2

repo: $(VENV) ## write the repository's address (URL=https://HOST/OWNER/NAME) and the set-up cells
	$(PYTHON) -m tools.release.repository '$(URL)'

# The oldest versions are the lower bounds of the library's own dependencies.
lock: $(UV) ## write the lists of exact versions anew from pyproject.toml
	$(COMPILE) $(EACH) --generate-hashes --group book --group lab --group test \
		pyproject.toml -o requirements.txt
	for python in 3.11 3.12 3.13 3.14; do for system in $(SYSTEMS); do \
		$(COMPILE) --python-version $$python --python-platform $$system --only-binary :all: \
		--constraint requirements.txt --group book --group lab --group test pyproject.toml \
		-o _build/wheels.txt || exit 1; done; done
	$(COMPILE) $(FEWEST) --no-deps --resolution lowest-direct pyproject.toml -o _build/bounds.txt
	$(COMPILE) $(FEWEST) --generate-hashes --no-annotate --constraint _build/bounds.txt --group book --group test \
		--group oldest pyproject.toml -o locks/oldest.txt
	$(COMPILE) $(FEWEST) --generate-hashes --no-annotate --group pyproject.toml:colab -o locks/colab.txt

class-pack: $(VENV) $(UV) ## pack site, notebooks and wheels for a class without a network
	$(BOOK) tested-site
	$(BOOK) pdf --tested
	$(PYTHON) -m tools.release.class_pack $(PACK)

test-class-pack: $(VENV) ## unpack the class pack, look at its site and train with its wheels
	$(PYTHON) -m pytest tests/pack

clean: ## remove the environment and everything that was built
	rm -rf .venv _build .pytest_cache .ruff_cache

# Modules are compiled once, when they are first imported, and not in every process again.
unexport PYTHONDONTWRITEBYTECODE

# Environments have to be there before Python can say what changed. Each is made anew when its list
# changes, so that it holds these packages and no others.
$(VENV): requirements.txt pyproject.toml
	@for python in python3 python3.14 python3.13 python3.12 python3.11 none; do \
		$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
	done; \
	if [ $$python = none ]; then echo "Python 3.11 or newer is needed, and none was found." >&2; exit 1; fi; \
	$$python -m tools.environment .venv requirements.txt --project
	@touch $@

$(OLDEST)/.complete: $(VENV) locks/oldest.txt
	$(PYTHON) -m tools.environment $(OLDEST) locks/oldest.txt --project --python $(OLDEST_PYTHON)
	@touch $@

$(NEWEST)/.complete: $(VENV) requirements.txt
	$(PYTHON) -m tools.environment $(NEWEST) requirements.txt --project --python $(NEWEST_PYTHON)
	@touch $@

$(COLAB)/.complete: $(VENV) locks/colab.txt
	$(PYTHON) -m tools.environment $(COLAB)/venv locks/colab.txt --python $(COLAB_PYTHON)
	@touch $@

$(UV): $(VENV) locks/uv.txt
	$(PYTHON) -m tools.environment
	@touch $@
