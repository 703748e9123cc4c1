# Counterpart: from a bare machine with python3 (3.11 or newer, with venv) and make.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
PYTEST := $(BIN)/pytest -n 2 --dist worksteal
# What is installed is named by what asked for it, and by where it stands: a venv cannot be moved.
WANTED := $(shell (cat requirements.lock; sed '/^\[dependency-groups/,$$d' pyproject.toml; pwd) 2>/dev/null | cksum | tr ' ' -)
SAY := printf 'counterpart: %s\n'

.PHONY: help install demo test lint soak bench lock vendor clean
.SILENT:

help:
	printf '%s\n' \
	  'make demo     install, load the demo, serve it at http://127.0.0.1:$(PORT) and print a sign-in for each role' \
	  'make test     install, run all tests on SQLite and on a PostgreSQL of their own' \
	  'make lint     style, types and import contracts' \
	  'make install  what the others do first: .venv with everything, the command at .venv/bin/counterpart' \
	  'make soak     the tests that take minutes     make bench  what the README says of speed, measured here' \
	  'make lock     resolve the requirements anew   make clean  remove what was installed and cached (var/ stays)' \
	  'PORT=8080 chooses another port, PYTHON=python3.12 another Python.'

install:
	test "$$(cat .venv/installed 2>/dev/null)" = "$(WANTED)" && exit 0; \
	fail() { $(SAY) "$$1" >&2; exit 1; }; \
	command -v $(PYTHON) >/dev/null || fail 'there is no $(PYTHON) here; install Python 3.11 or newer, or name one: make PYTHON=python3.12'; \
	found=$$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "Python 3.11 or newer is needed, $(PYTHON) is $$found; name another: make PYTHON=python3.12"; \
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || fail "$(PYTHON) has no venv; on Debian and Ubuntu: apt-get install python3-venv"; \
	test -w . || fail "nothing can be written to $$(pwd); copy the folder to where you may write"; \
	$(SAY) 'installing into .venv, once (about a minute)' >&2; \
	rm -rf .venv && $(PYTHON) -m venv .venv || fail 'the environment .venv could not be made'; \
	trap 'rm -f .venv/pip.log' EXIT; \
	pip() { $(BIN)/python -m pip --disable-pip-version-check --no-input install --quiet --retries 2 --timeout 30 "$$@" >.venv/pip.log 2>&1; }; \
	if ! { pip --require-hashes -r requirements.lock && pip --no-deps --no-build-isolation -e .; }; then \
	  grep -qiE 'NewConnectionError|name resolution|unreachable|timed out|No matching distribution' .venv/pip.log \
	    && fail 'the packages cannot be fetched: no network, or the package index cannot be reached'; \
	  fail "the installation failed: $$(grep -m1 ERROR .venv/pip.log)"; \
	fi; \
	echo "$(WANTED)" >.venv/installed

demo: install
	exec $(BIN)/counterpart demo --port $(PORT)

test: install
	$(PYTEST) -q -rs -m 'not slow'

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports

soak: install
	$(BIN)/pytest -q -rs -m slow

bench: install
	$(BIN)/python -m benchmarks.answers
	$(BIN)/python -m benchmarks.needs_list
	$(BIN)/python -m benchmarks.matching_speed 1000 10000
	$(BIN)/python -m benchmarks.all_pairs 10000
	$(BIN)/python -m benchmarks.reading_texts 5000
	$(BIN)/python -m benchmarks.rank_files 5000

lock:
	$(MAKE) install
	$(BIN)/python -m pip --disable-pip-version-check install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  --no-emit-index-url --group dev --upgrade -o requirements.lock pyproject.toml

vendor: install
	$(BIN)/python -m app.web.vendor

clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
