# syntax=docker/dockerfile:1

FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY proxy ./proxy
COPY rules ./rules
RUN python -m venv /opt/tailor && /opt/tailor/bin/pip install --no-cache-dir ".[speed]"

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/tailor --create-home tailor
COPY --from=build /opt/tailor /opt/tailor
ENV PATH=/opt/tailor/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    TAILOR_HOST=0.0.0.0 \
    TAILOR_RULES=/etc/tailor/rules \
    TAILOR_DATA=/var/lib/tailor
USER tailor
WORKDIR /etc/tailor
VOLUME /var/lib/tailor
EXPOSE 8080
# The admin listener stays on the container's loopback; livez answers on both.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8081/readyz', timeout=2)"]
ENTRYPOINT ["tailor"]
CMD ["serve"]
