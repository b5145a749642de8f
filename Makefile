# make reproduce   params.yaml to tables, figures and report
# make test        every check that needs nothing but .venv
# make other-kernels  the judged runs a second time, with other kernels: what a verdict owes to the processor's last bits
# make image       the same for a cluster's nodes (Dockerfile); make test-image tries it with a Docker daemon of its own
# make test-slurm  a real two-node Slurm on this machine and the flow through it; as root, with Slurm and munge installed
# make crate       results, code and the record of every job as a Workflow Run RO-Crate, judged by its validator
# make sbom        every package as a software bill of materials (CycloneDX); make audit looks them up among known vulnerabilities
# make lock        resolve the dependencies anew
# All but `image` make .venv from the lock when it is missing or older than the lock.
PYTHON ?= python3
BIN := .venv/bin
# Python's own start-up files for torch are worth seconds per process: let them be written.
unexport PYTHONDONTWRITEBYTECODE
export PATH := $(CURDIR)/$(BIN):$(PATH)

DOCKER ?= docker
IMAGE ?= ebm-reproduction
# Recorded in the image; a remote on this machine's disk or one with a password in it is nobody's business.
SOURCE = $(shell git config --get remote.origin.url | grep -E '^https://[^@]+$$')

.PHONY: reproduce other-kernels test test-image test-slurm lint lock clean image crate sbom audit

reproduce: .venv/installed
	$(BIN)/snakemake --cores all

other-kernels: .venv/installed
	$(BIN)/python workflow/kernels/other_kernels.py

# By file, in two processes and more: what takes long starts other processes and waits for them.
test: .venv/installed
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test-slurm: .venv/installed
	$(BIN)/python -m pytest -s tests/slurm/check_slurm.py

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/hadolint Dockerfile

# BASE_IMAGE=... builds on another base, with Python 3.11 or 3.12. BUILD_OPTIONS are for `docker build`.
image:
	DOCKER_BUILDKIT=1 $(DOCKER) build --build-arg REVISION="$$(git describe --always --dirty --abbrev=40 --exclude '*')" \
	    --build-arg SOURCE="$(or $(SOURCE),unknown)" $(if $(BASE_IMAGE),--build-arg BASE_IMAGE="$(BASE_IMAGE)") \
	    $(BUILD_OPTIONS) --tag $(IMAGE) .

# Root, docker.io and debootstrap are needed. TESTS=tests/params runs those inside instead of all.
test-image: .venv/installed
	$(BIN)/python workflow/container/check.py $(TESTS)

# CRATE=... names another folder than `crate`.
CRATE ?= crate
crate: .venv/installed
	$(BIN)/python workflow/provenance/export_crate.py $(CRATE)
	$(BIN)/python workflow/provenance/validate_crate.py $(CRATE)

# The time is left out: the same packages give the same file.
SBOM ?= sbom.cdx.json
sbom: .venv/installed
	mkdir -p $(dir $(SBOM))
	$(BIN)/cyclonedx-py environment $(BIN)/python --pyproject pyproject.toml --output-reproducible \
	    --output-format JSON --output-file $(SBOM)

# Asks the package index for advisories (network). A package that nobody could look up fails the audit.
# AUDIT=... passes options, such as --vulnerability-service osv.
audit: .venv/installed
	$(BIN)/pip-audit --strict --disable-pip --require-hashes --requirement requirements.lock $(AUDIT)

.venv/installed: requirements.lock bootstrap.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(v not in ((3, 11), (3, 12)) and f"Python 3.11 or 3.12 is needed, {sys.executable} is {v[0]}.{v[1]}: make PYTHON=python3.12")'
	rm -rf .venv
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes -r bootstrap.lock
	$(BIN)/uv pip install --compile-bytecode --require-hashes -r requirements.lock
	$(BIN)/uv pip install --no-deps --no-build-isolation --editable .
	touch $@

# Resolve the ranges of pyproject.toml anew.
lock: .venv/installed
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	    --no-annotate --no-header --upgrade --quiet --output-file requirements.lock
	echo 'uv' | $(BIN)/uv pip compile - --universal --python-version 3.11 --generate-hashes \
	    --no-annotate --no-header --upgrade --quiet --output-file bootstrap.lock

# Forget the environment, logs and checkpoints; results stay.
clean:
	rm -rf .venv .work logs
