# Everything sets itself up: a virtual environment in .venv, remade when pyproject.toml changes.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# In a process for each core, up to four: more would spend their time on importing.
PYTEST := $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4

# One thread for NumPy's products of matrices. Two that wait for each other on a busy machine of two
# cores took 160 s for a demo that takes 8 s; on an idle machine they save nothing.
export OMP_NUM_THREADS ?= 1

.PHONY: demo test check thorough bench clean

demo: $(VENV)/demos
	$(BIN)/python demos/digits.py
	$(BIN)/python demos/moons.py
	$(BIN)/python demos/landscape.py
	$(BIN)/python demos/backpropagation.py

test: $(VENV)/test
	$(PYTEST)

check: $(VENV)/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/oxlint --deny-warnings autograd/drawing/explorer/assets
	$(BIN)/mypy
	$(PYTEST)

# 26,000 random programs, compiled and compared with eager mode: five minutes.
thorough: $(VENV)/test
	COMPILER_EXAMPLES=10 $(PYTEST) tests/compiler/test_agreement.py

bench: $(VENV)/bench
	$(BIN)/python tests/benchmarks/training_step.py
	$(BIN)/python tests/benchmarks/compiled_step.py

clean:
	rm -rf $(VENV) build dist demos/output .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -exec rm -rf {} +

# $(VENV)/x stands for an environment with the extra x installed.
$(VENV)/%: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'Python 3.11 or later is needed: make PYTHON=python3.12 ...'; exit 1; }
	$(PYTHON) -m venv $(VENV)
