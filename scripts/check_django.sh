#!/bin/sh
# Checks that need Django and a database: run by `make check` with a throw-away one.
set -eu
export DJANGO_SETTINGS_MODULE=reviewapp.settings.test
python=${VENV:-.venv}/bin/python
"$python" manage.py check --fail-level WARNING
"$python" manage.py makemigrations --check --dry-run
SECRET_KEY=$("$python" -c 'import secrets; print(secrets.token_urlsafe(50))') \
    ALLOWED_HOSTS=reviews.example.org DJANGO_SETTINGS_MODULE=reviewapp.settings.prod \
    "$python" manage.py check --deploy --fail-level WARNING
