# Every target is one line of work; `make` alone lists them. A fresh machine needs Python >= 3.11 and make, nothing else.
PYTHON ?= python3
BIN := .venv/bin
SPARK := .venv-spark/bin
BROWSER := .venv-browser/bin
INSTALL := -m pip install --quiet --disable-pip-version-check --no-input --no-compile
PROJECT := --no-deps --no-build-isolation --editable .

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 16

report: .venv/report.stamp  ## publish the last full quarter of the sample and print the page's path
	@$(BIN)/alignment report --data data/sample --out reports

test: .venv/test.stamp  ## the whole suite, notebooks included
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations=40 -q -m "not spark and not postgres and not browser" --cov --cov-report= && $(BIN)/python -m pytest -n 2 --dist loadfile --nbval-lax -q -p no:cacheprovider --no-header notebooks

coverage: .venv/test.stamp  ## what the last `make test` left untested; fails under the floor
	@$(BIN)/python -m coverage report

lint: .venv/test.stamp  ## style and slips
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: .venv/test.stamp  ## static types
	@$(BIN)/mypy

lab: .venv/report.stamp  ## open the notebooks in JupyterLab
	@ALIGNMENT_ROOT=$(CURDIR) $(BIN)/jupyter lab notebooks

bench: .venv/test.stamp  ## measure speed and memory, recorded in benchmarks/
	@$(BIN)/python -m benchmarks.run

fuzz: .venv/test.stamp  ## over 10,000 exports of nonsense, with odd headers, footers and encodings: read whole, set aside or refused in a sentence; every page of a hostile company (about 25 minutes)
	@ALIGNMENT_FUZZ=30 $(BIN)/python -m pytest -n 2 -q tests/test_border_files.py tests/test_ingest.py tests/test_unread_files.py tests/mapping/test_language.py tests/end_to_end/test_hostile.py -k "read_whole or any_kind or no_table_ends or odd_headers or hostile"

test-spark: .venv-spark/stamp  ## every counts query on DuckDB and on PySpark in local mode (needs Java 17)
	@$(SPARK)/python -m pytest -q -m spark tests/spark

test-postgres: .venv/test.stamp  ## the mappings and figures inside a PostgreSQL server that the tests start (needs its binaries)
	@$(BIN)/python -m pytest -q -m postgres tests/postgres

test-browser: .venv-browser/stamp report  ## the published pages in Chromium: axe, widths, keyboard, print, no request (needs chromium)
	@$(BROWSER)/python -m pytest -q -n 2 -m browser tests/browser

screenshots: .venv-browser/stamp  ## pictures of the pages in reports/ for the docs (publish several quarters first: --all-quarters)
	@$(BROWSER)/python -m tests.browser.screenshots

test-lowest: .venv-lowest/stamp  ## the unit tests on the lowest allowed versions
	@.venv-lowest/bin/python -m pytest -n 2 --dist loadfile -q -m "not slow and not spark and not postgres and not browser" --ignore=tests/spark --ignore=tests/postgres --ignore=tests/browser --ignore=tests/report --ignore=tests/end_to_end --ignore=tests/samples tests

notebooks: .venv/report.stamp  ## execute the notebooks and keep the outputs that are checked
	@$(BIN)/python -m alignment_toolkit.report.committed

environments: .venv/test.stamp .venv-spark/stamp .venv-browser/stamp  ## every environment that a target needs (make -j 3: side by side)

locks:  ## resolve the lock files anew (needs uv)
	@requirements/lock

.venv/report.stamp: requirements/report.lock pyproject.toml
	@$(PYTHON) requirements/check_python.py && $(PYTHON) -m venv .venv && $(BIN)/python $(INSTALL) --require-hashes -r requirements/report.lock && $(BIN)/python $(INSTALL) $(PROJECT) && ($(BIN)/python -m compileall -qq -j 0 .venv/lib alignment_toolkit || true) && touch $@

.venv/test.stamp: requirements/test.lock .venv/report.stamp
	@$(BIN)/python $(INSTALL) --require-hashes -r requirements/test.lock && touch $@

.venv-spark/stamp: requirements/spark.lock pyproject.toml
	@$(PYTHON) requirements/check_python.py && $(PYTHON) -m venv .venv-spark && $(SPARK)/python $(INSTALL) --require-hashes -r requirements/spark.lock && $(SPARK)/python $(INSTALL) $(PROJECT) && touch $@

.venv-browser/stamp: requirements/browser.lock
	@$(PYTHON) requirements/check_python.py && $(PYTHON) -m venv .venv-browser && $(BROWSER)/python $(INSTALL) --require-hashes -r requirements/browser.lock && touch $@

.venv-lowest/stamp: requirements/lowest.lock pyproject.toml
	@$(PYTHON) requirements/check_python.py && $(PYTHON) -m venv .venv-lowest && .venv-lowest/bin/python $(INSTALL) --require-hashes -r requirements/lowest.lock && .venv-lowest/bin/python $(INSTALL) $(PROJECT) && touch $@

.PHONY: help report test coverage lint types lab bench fuzz test-spark test-postgres test-browser test-lowest screenshots notebooks locks
