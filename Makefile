# The front door: make demo | demo-saas | demo-wagtail | test | check | bench | bench-quick | soak | golden | docs | lock

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WAGTAIL := $(VENV)/.wagtail
JOBS ?= auto

.PHONY: demo demo-saas demo-wagtail test check bench bench-quick soak golden docs lock format clean

demo: $(READY)
	@$(BIN)/python -m examples.demo shop

demo-saas: $(READY)
	@$(BIN)/python -m examples.demo saas

demo-wagtail: $(WAGTAIL)
	@echo "The site begins with an empty database each time, which takes it a quarter of a minute."
	@$(BIN)/python -m examples.demo wagtail

test: $(WAGTAIL)
	$(BIN)/pytest -n $(JOBS) $(TESTS)

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# What a page costs inside the process; the figures are ratios or limits, so run it on a quiet machine.
bench: $(READY)
	$(BIN)/python -m tests.bench.micro
	$(BIN)/python -m tests.bench.rules
	$(BIN)/python -m tests.bench.company

# What a page costs from outside, beside nginx on the same machine, in a minute and a half; docs/speed.md tells of it.
bench-quick: $(READY)
	$(BIN)/python -m tests.bench.quick

# Whether anything grows, is left over or goes wrong in ten minutes of load; docs/speed.md tells of it.
soak: $(READY)
	$(BIN)/python -m tests.soak

# What is expected of every page in tests/golden/pages, and said of every mistake in tests/golden/mistakes, written anew:
# look at the difference before you commit it.
golden: $(READY)
	$(BIN)/python -m tests.golden.golden_pages
	$(BIN)/python -m tests.golden.golden_mistakes

# The pages of the documentation that are made of the code.
docs: $(READY)
	$(BIN)/python -m tests.docs.generate

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The versions that development and CI use, for every Python and platform.
lock: $(READY)
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade --no-header \
		pyproject.toml --extra speed --group dev --output-file requirements-dev.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade --no-header \
		--group wagtail --constraint requirements-dev.lock --output-file requirements-wagtail.lock

$(READY): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Tailor needs Python 3.11 or later: make PYTHON=...") if sys.version_info < (3, 11) else None'
	@echo "Installing Tailor, and what it needs, into $(VENV). The first time this takes a few minutes."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

# A CMS of other people's, for examples/wagtail and its tests; what both locks name has one version in them.
$(WAGTAIL): $(READY) requirements-wagtail.lock
	@echo "Installing Wagtail into $(VENV). The first time this takes a minute or two."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-wagtail.lock
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
