# Pin the base by digest where you build for production: python:3.13-slim@sha256:…
FROM python:3.13-slim AS build
WORKDIR /build
COPY requirements/bootstrap.lock requirements/runtime.lock requirements/
RUN python -m venv /build/tooling /opt/mintmark --without-pip
COPY tools/pip-*.whl tools/
# Two environments: the one that builds the wheel stays here, the one that runs it holds nothing but what it runs.
RUN set -eu; pip="$(echo tools/pip-*.whl)/pip"; \
    /build/tooling/bin/python "$pip" install --no-cache-dir --no-deps --require-hashes -r requirements/bootstrap.lock; \
    /opt/mintmark/bin/python "$pip" install --no-cache-dir --no-deps --require-hashes -r requirements/runtime.lock
COPY pyproject.toml LICENSE README.md alembic.ini ./
COPY migrations migrations
COPY src src
RUN set -eu; /build/tooling/bin/python -m hatchling build -t wheel -d dist; \
    /opt/mintmark/bin/python "$(echo tools/pip-*.whl)/pip" install --no-cache-dir --no-deps --no-index dist/mintmark-*.whl; \
    /opt/mintmark/bin/python -m compileall -q /opt/mintmark/lib

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home --home-dir /var/lib/mintmark mintmark \
    && install -d -o mintmark -g mintmark -m 0700 /var/lib/mintmark
COPY --from=build /opt/mintmark /opt/mintmark
ENV PATH=/opt/mintmark/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MINTMARK_HOST=0.0.0.0 \
    MINTMARK_PORT=8000 \
    MINTMARK_LOG_FORMAT=json
# No MINTMARK_ISSUER and no MINTMARK_SEALING_KEYS: without them the server refuses to start, and should.
USER 10001
WORKDIR /var/lib/mintmark
EXPOSE 8000
# Over plain http on the loopback; who serves https from the container itself (MINTMARK_TLS_CERTIFICATE) brings his own check.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ['MINTMARK_PORT']}/health/ready\", timeout=2)"]
ENTRYPOINT ["mintmark"]
CMD ["serve"]
