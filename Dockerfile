# The pipeline and its locked environment; `make image` builds it, `make test-image` tries it.
#
# The smallest of NVIDIA's CUDA 13 images: torch's wheels bring every CUDA library but the driver's, and the base only
# has to ask the container runtime for that one. Python 3.12 comes with it; the lock serves 3.11 (Debian 12) as well.
# The digest is the one that public Dockerfiles pin this tag to. `make test-image` builds on a local base: this
# one has not been pulled by it.
ARG BASE_IMAGE=nvidia/cuda:13.0.1-base-ubuntu24.04@sha256:f8ef28f579ea42a44b415d2c5d46f788e6a9b395c6c83f2929416e1fc192c143
FROM ${BASE_IMAGE}

# Layers stand in the order in which they change: system, packages, project, revision.

# Versions are those of the base's distribution, which differ from one base to another.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates git make python3 python3-venv tini \
    && rm -rf /var/lib/apt/lists/* \
    # A mounted folder belongs to some other user than the container's.
    && git config --system --add safe.directory '*'

ENV VIRTUAL_ENV=/opt/venv \
    PATH=/opt/venv/bin:$PATH

# The same steps as in the Makefile. uv's cache stays on the machine that builds and out of the image.
WORKDIR /opt/ebm
COPY bootstrap.lock requirements.lock ./
RUN --mount=type=cache,target=/root/.cache,sharing=locked \
    python3 -m venv /opt/venv \
    && pip install --quiet --no-cache-dir --require-hashes -r bootstrap.lock \
    && UV_LINK_MODE=copy uv pip install --compile-bytecode --require-hashes -r requirements.lock

# Installed before its code is there: a change of the code is then nothing but the COPY below. An empty
# module stands for the code: without any, the package would be installed as nothing.
COPY pyproject.toml ./
RUN mkdir -p src/ebmrepro && touch README.md src/ebmrepro/__init__.py \
    && uv pip install --no-cache --no-deps --no-build-isolation --editable .

# Whoever built it with a strict umask: any user must be able to read it. Only such files are touched, which
# keeps the layer small.
COPY . .
RUN find . \( ! -perm -o=r -o -type d ! -perm -o=x \) -exec chmod a+rX {} +

# Whoever runs it (--user, a cluster's uids) has no entry in /etc/passwd, and the root may be read-only: names and
# folders that libraries ask for are given here, below /tmp alone. NVIDIA_*: what the GPU runtime is to provide.
ENV HOME=/tmp \
    USER=ebm \
    LOGNAME=ebm \
    DVC_SITE_CACHE_DIR=/tmp/dvc \
    TINI_SUBREAPER=1 \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility

ARG REVISION=unknown
ARG SOURCE=unknown
ENV EBM_REVISION=${REVISION}
LABEL org.opencontainers.image.title="ebm-reproduction" \
      org.opencontainers.image.description="Energy-based model training, reproduced" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="MIT"

USER 1000:1000
WORKDIR /work
# -g: a stop reaches the jobs too, not only Snakemake, which would wait for them.
ENTRYPOINT ["tini", "-g", "--", "python", "/opt/ebm/workflow/container/entrypoint.py"]
