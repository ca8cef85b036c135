# Busbar 母线: everything from a fresh clone with Python >= 3.11 and make.
# Hooks and the build machine call the same targets as a developer.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
HOME_DIR := $(or $(BUSBAR_HOME),var)
# Python and Node of this project before those of the system (npm is a script that looks for node).
export PATH := $(CURDIR)/$(BIN):$(PATH)
# uv must take this project's environment, whatever is activated outside.
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
unexport PYTHONPATH PYTHONHOME
# Without compiled files each process of the product starts a third slower, and tests start hundreds.
unexport PYTHONDONTWRITEBYTECODE

CATALOG := src/busbar/config/locale/en/LC_MESSAGES/django
VENDOR := src/busbar/console/static/vendor/manifest.json
STATIC := $(HOME_DIR)/static/staticfiles.json
ASSETS = $(shell find src/busbar/*/static -type f -not -path '*/vendor/*' 2>/dev/null)
WORKERS ?= auto

.DEFAULT_GOAL := help
.PHONY: help prepare setup setup-dev system spark demo run test check fix bench lock \
  notices messages screenshots
.DELETE_ON_ERROR:

help:
	@echo 'Busbar 母线'
	@echo
	@echo '  make setup    prepare .venv, locked packages, static files   准备环境'
	@echo '  make demo     build the demonstration region and serve it    建立仿真区域并启动'
	@echo '  make run      serve your own data (BUSBAR_HOME, DATABASE_URL) 启动'
	@echo '  make test     all tests, on SQLite and on PostgreSQL         全部测试'
	@echo '  make check    style, types, architecture, migrations, texts  静态检查'
	@echo '  make fix      repair what can be repaired automatically      自动修正'
	@echo '  make bench    measure, and print the ratios (ONLY="month run") 性能测量'
	@echo
	@echo '  make spark    add the packages of the Spark engine           安装 Spark 组件'
	@echo
	@echo 'For maintainers 维护者:'
	@echo '  make lock     lock the packages anew (requirements/*.in, package.json)'
	@echo '  make notices  write THIRD_PARTY_NOTICES.md anew'
	@echo '  make messages add new texts to the English catalog'
	@echo '  make screenshots  make the pictures of the README'

# --- setting up ---------------------------------------------------------------------------

setup: prepare $(STATIC)

# What a start needs; the demonstration collects the static files into its own home.
prepare: $(VENV)/.base $(CATALOG).mo $(VENDOR)
	@:

setup-dev: setup $(VENV)/.dev

# ensurepip is what Debian leaves out of python3; as root on Debian it is brought in.
$(VENV)/.made:
	@command -v $(PYTHON) >/dev/null || { echo '需要 Python 3.11 或更高版本 / Python >= 3.11 is needed (make PYTHON=/path/to/python3)'; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$$($(PYTHON) --version):需要 Python 3.11 或更高版本 / Python >= 3.11 is needed (make PYTHON=/path/to/python3.11)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq python3-venv >&2; } \
	  || { echo 'Python 缺少 venv 模块,请以 root 运行 / Python lacks its venv module: apt-get install python3-venv'; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.uv: requirements/uv.lock | $(VENV)/.made
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# Installed, not synchronised: `make run` must not take the tools of `make check` away.
$(VENV)/.base: requirements/base.lock pyproject.toml $(VENV)/.uv
	$(UV) pip install --quiet --require-hashes --compile-bytecode -r $<
	$(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.lock $(VENV)/.base
	$(UV) pip sync --quiet --require-hashes --compile-bytecode $<
	$(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# The optional engine of bill runs; `make setup-dev` brings it with the tools.
spark: setup $(VENV)/.spark

$(VENV)/.spark: requirements/spark.lock | $(VENV)/.base
	$(UV) pip install --quiet --require-hashes --compile-bytecode -r $<
	@touch $@

$(VENV)/.bench: requirements/bench.lock $(VENV)/.dev
	$(UV) pip install --quiet --require-hashes -r $<
	@touch $@

node_modules/.package-lock.json: package.json package-lock.json .npmrc | $(VENV)/.base
	$(BIN)/npm ci --ignore-scripts --loglevel=error
	@touch $@

$(VENDOR): tools/vendor.py node_modules/.package-lock.json
	$(BIN)/python $<

$(CATALOG).mo: $(wildcard $(CATALOG).po) tools/messages.py | $(VENV)/.base
	$(BIN)/python tools/messages.py compile

$(STATIC): $(VENDOR) $(ASSETS) | $(VENV)/.base
	$(BIN)/busbar django collectstatic --noinput --clear --verbosity=0
	@touch $@

# Chromium, PostgreSQL and Java, for the tests: from Debian where root allows.
system:
	@$(PYTHON) tools/system.py

# --- running ------------------------------------------------------------------------------

demo: prepare
	@$(BIN)/busbar demo

run: setup
	@$(BIN)/busbar migrate
	@$(BIN)/busbar serve

# --- checking -----------------------------------------------------------------------------

PYTEST = $(BIN)/pytest -n $(WORKERS) --dist loadgroup

# Measuring instruments the product in each process, half a minute each: once is enough.
test: setup-dev system
	@echo '== SQLite'
	$(PYTEST) --database=sqlite --measure
	@echo '== PostgreSQL'
	$(PYTEST) --database=postgresql

check: setup-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/busbar django makemigrations --check --dry-run
	$(BIN)/python tools/messages.py check
	$(BIN)/python tools/addresses.py
	$(BIN)/python tools/notices.py --check

fix: setup-dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: setup-dev system $(VENV)/.bench
	$(BIN)/python -m bench $(ONLY)

# --- for maintainers ----------------------------------------------------------------------

COMPILE = $(CURDIR)/$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header

lock: $(VENV)/.uv
	cd requirements && $(COMPILE) base.in -o base.lock
	cd requirements && $(COMPILE) uv.in -o uv.lock
	cd requirements && $(COMPILE) spark.in -c base.lock -o spark.lock
	cd requirements && $(COMPILE) dev.in -c base.lock -c uv.lock -c spark.lock -o dev.lock
	cd requirements && $(COMPILE) bench.in -c dev.lock -o bench.lock
	$(MAKE) --no-print-directory $(VENV)/.dev
	$(BIN)/npm install --ignore-scripts --package-lock-only --loglevel=error
	@rm -f node_modules/.package-lock.json # npm has just touched it without installing anything
	$(MAKE) --no-print-directory setup notices

notices: $(VENV)/.base
	$(BIN)/python tools/notices.py

messages: setup-dev
	$(BIN)/python tools/messages.py update

screenshots: prepare $(VENV)/.dev system
	$(BIN)/python -m tools.screenshots
