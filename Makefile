# make demo: install, prepare the default model, index the bundled catalogue, answer two requests.
# make test: the tests. make check: lint, format and types.
.DEFAULT_GOAL := help
PY := .venv/bin/python
DEMO ?= .demo

.PHONY: help setup demo test test-fast test-asserts check federated format docs wheel clean

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: ## make .venv with the pinned versions
	@bash scripts/setup.sh

demo: setup ## answer two requests from the bundled catalogue
	@.venv/bin/shelftalk demo --folder $(DEMO)

test: setup ## all tests, with the real models
	@bash scripts/test.sh

test-fast: setup ## the tests that load no model
	@$(PY) -m pytest -m "not model and not vllm"

test-asserts: setup ## the same, and that each of their assertions is reached
	@PYTHONPYCACHEPREFIX=$$(mktemp -d) $(PY) -m pytest -m "not model and not vllm" -p tests.assertions_ran -o enable_assertion_pass_hook=true

check: setup ## lint, format and types
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-logo

federated: setup ## three shops tune one adapter without sharing rows (Flower, in .venv-flower)
	@test -x .venv-flower/bin/flwr || (.venv/bin/python -m venv .venv-flower && .venv-flower/bin/pip install -q -r requirements/flower.txt)
	@$(PY) -c "import sysconfig; print(sysconfig.get_paths()['purelib'])" > $$(.venv-flower/bin/python -c "import sysconfig; print(sysconfig.get_paths()['purelib'])")/zz_main.pth
	@$(PY) benchmarks/federated/run.py --flower .venv-flower/bin

format: setup ## let ruff mend what it can
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

wheel: setup ## dist/shelftalk-*.whl
	@$(PY) -m build --wheel

clean: ## remove what was built here, but not .venv
	@rm -rf dist build $(DEMO) .pytest_cache .mypy_cache .ruff_cache
