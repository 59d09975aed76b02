# Thin: the work is in scripts/. `make help` lists what there is.
.DEFAULT_GOAL := help
.PHONY: help run test build setup format lint asan tsan fuzz bench install clean

help: ## Print this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

run: ## Build, make a PKI if there is none, serve the hello example on https://localhost:5000
	@scripts/run

test: ## Build and run the whole test suite
	@scripts/test release

build: ## Build everything, with its system packages
	@scripts/setup
	@scripts/build release

setup: ## Install every system package that building, testing and linting need (root or sudo)
	@scripts/setup --tests --lint

format: ## Format every C++ file
	@scripts/format

lint: ## Check formatting, clang-tidy and cppcheck
	@scripts/lint

asan: ## Run the test suite under the address and undefined behaviour sanitizers
	@scripts/test asan

tsan: ## Run the test suite under the thread sanitizer
	@scripts/test tsan

fuzz: ## Fuzz every target for a minute each (SECONDS=60)
	@scripts/fuzz all $(or $(SECONDS),60)

bench: ## Measure beside nginx and Caddy
	@scripts/bench

install: ## Install into PREFIX (/usr/local)
	@scripts/setup
	@scripts/build release
	@cmake --install build --prefix "$(or $(PREFIX),/usr/local)"

clean: ## Remove what was built; ./pki stays
	@rm -rf build
