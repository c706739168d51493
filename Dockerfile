# Eva for containers: docker build --tag eva . (docs/deployment.md). Runs as a user without rights and writes to no file of
# the image; give it DATABASE_URL and EVA_STORAGE_URL, or a volume at /var/lib/eva.
FROM python:3.13-slim AS build
WORKDIR /src
RUN python -m venv /opt/eva
COPY requirements/run.txt requirements/
RUN /opt/eva/bin/pip install --no-cache-dir --only-binary :all: --require-hashes --requirement requirements/run.txt
COPY . .
RUN /opt/eva/bin/pip install --no-cache-dir --no-index --no-deps --no-build-isolation . \
 && /opt/eva/bin/pip uninstall --yes pip

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/eva --create-home eva && chmod 700 /var/lib/eva
COPY --from=build /opt/eva /opt/eva
ENV PATH=/opt/eva/bin:$PATH PYTHONUNBUFFERED=1 EVA_DATA_DIR=/var/lib/eva
USER 10001
WORKDIR /var/lib/eva
VOLUME /var/lib/eva
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
CMD ["eva", "serve", "--host", "0.0.0.0", "--port", "8000"]
