# Every command a newcomer types. The rules only put cargo, pip and pytest in order.
# A finished step of the set-up leaves a file in .cache/, so an interrupted set-up goes on where it stopped.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
# For `make fuzz`: how long each target runs, and which targets. Leaks are not looked for: a thread of Argon2's that is
# just ending looks like one.
SECONDS ?= 60
TARGETS ?= $$(cargo +nightly fuzz list --fuzz-dir tests/fuzz)

BIN := .venv/bin
# The others are tested through Python and JavaScript.
CRATES := --package strongroom

# Tools built from source, each at one version, under .cache/tools.
CARGO_DENY := 0.20.2
CARGO_FUZZ := 0.13.2

export PATH := $(CURDIR)/.cache/tools/bin:$(PATH)
export VIRTUAL_ENV := $(CURDIR)/.venv
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport CONDA_PREFIX

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: .cache/package .cache/wasm ## Set up what is missing, then run the demo
	$(BIN)/python examples/demo.py

.PHONY: dashboard
dashboard: .cache/package .cache/dashboard ## Build the dashboard, and open it on the vault VAULT=strongroom.vault
	$(BIN)/strongroom dashboard $(if $(VAULT),--vault "$(VAULT)")

.PHONY: test
test: check .cache/package .cache/dashboard .cache/suites ## Set up what is missing, then run every check and every test
	cargo test $(CRATES) --locked
	$(BIN)/pytest
	node --test 'tests/node/*.test.js' 'tests/browser/*.test.js'
	@echo "every check and every test passed"

.PHONY: check
check: .cache/package .cache/check .cache/wasm .cache/cargo-deny-$(CARGO_DENY) ## Formatting, lints, types, stubs, dependencies and docs
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked
	cargo deny --locked check bans licenses sources
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/stubtest --mypy-config-file pyproject.toml strongroom._strongroom
	node_modules/.bin/biome check --error-on-warnings
	node_modules/.bin/tsc --noEmit --project wasm/js
	node_modules/.bin/tsc --project wasm/dashboard
	node_modules/.bin/tsc --noEmit --project tests/node

.PHONY: bench
bench: .cache/package .cache/check .cache/dashboard ## Compare with other libraries, side by side
	$(BIN)/python -m bench.run

.PHONY: timing
timing: .cache/system ## Whether the time of an answer tells a secret (dudect; some minutes)
	cargo bench --quiet --locked --package strongroom --bench timing

.PHONY: soak
soak: export STRONGROOM_SOAK := 1
soak: .cache/package .cache/wasm .cache/suites ## The same tests with far more rounds
	cargo test $(CRATES) --release --locked
	$(BIN)/pytest
	node --test 'tests/node/*.test.js'

.PHONY: fuzz
fuzz: .cache/cargo-fuzz-$(CARGO_FUZZ) ## Fuzz each target for SECONDS=60 (needs a nightly toolchain)
	targets="$(TARGETS)"; for target in $$targets; do \
	  cargo +nightly fuzz run --fuzz-dir tests/fuzz $$target -- -max_total_time=$(SECONDS) -detect_leaks=0; \
	done

.PHONY: clean
clean: ## Remove all that these commands made
	cargo clean
	rm -rf .venv .cache node_modules wasm/js/dist wasm/dashboard/dist examples/vite/dist python/strongroom/page tests/fuzz/target .hypothesis .mypy_cache .pytest_cache .ruff_cache dist python/strongroom/_strongroom.*.so

# ---- set-up ----

.cache/system: tools/system
	tools/system "$(PYTHON)"
	@mkdir -p $(@D) && touch $@

.cache/venv: pyproject.toml | .cache/system
	"$(PYTHON)" -m venv .venv
	$(BIN)/pip install --quiet --upgrade 'pip>=25.1' # the first that reads dependency groups
	$(BIN)/pip install --quiet --group build
	@touch $@

.cache/check: .cache/venv
	$(BIN)/pip install --quiet --group check
	@touch $@

.cache/suites: tools/suites tests/python/suites.txt | .cache/check
	tools/suites $(BIN)/python
	@touch $@

# Editable: a change in python/strongroom needs no build. With optimisation: key derivation is slow without.
.cache/package: .cache/venv Cargo.toml Cargo.lock core/Cargo.toml python/Cargo.toml $(shell find core/src python/src -name '*.rs')
	$(BIN)/maturin develop --release --locked
	@touch $@

.cache/packages: tools/packages package.json package-lock.json | .cache/venv
	tools/packages $(BIN)/python
	@touch $@

.cache/wasm: wasm/build .cache/packages Cargo.toml Cargo.lock core/Cargo.toml wasm/Cargo.toml wasm/js/tsconfig.json \
		$(shell find core/src wasm/src wasm/bindgen/src wasm/js/src -name '*.rs' -o -name '*.ts' -not -name strongroom.d.ts -not -name parts.ts)
	wasm/build
	@touch $@

# Where `strongroom dashboard` looks for it, and a wheel takes it from.
.cache/dashboard: .cache/wasm $(shell find wasm/dashboard -type f -not -path '*/dist/*' -not -path '*/node_modules/*')
	node_modules/.bin/vite build --logLevel warn wasm/dashboard
	rm -rf python/strongroom/page
	cp -r wasm/dashboard/dist python/strongroom/page
	@touch $@

.cache/cargo-deny-$(CARGO_DENY): | .cache/system
	cargo install --quiet --locked --root .cache/tools --version $(CARGO_DENY) cargo-deny
	@touch $@

.cache/cargo-fuzz-$(CARGO_FUZZ): | .cache/system
	cargo install --quiet --locked --root .cache/tools --version $(CARGO_FUZZ) cargo-fuzz
	@touch $@
