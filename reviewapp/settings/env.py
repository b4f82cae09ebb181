"""Settings come from the environment; a wrong value stops the start and says which one it is."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from django.core.exceptions import ImproperlyConfigured

_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def flag(name: str, *, default: bool) -> bool:
    value = os.environ.get(name)
    if value is None:
        return default
    if value.strip().lower() in _TRUE:
        return True
    if value.strip().lower() in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}; write true or false.")


def number(name: str, default: float) -> float:
    value = os.environ.get(name)
    if not value:
        return default
    try:
        return float(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is {value!r}; write a number.") from error


def integer(name: str, default: int) -> int:
    value = number(name, default)
    if value != int(value):
        raise ImproperlyConfigured(f"{name} is {value}; write a whole number.")
    return int(value)


def share(name: str, default: float) -> float:
    value = number(name, default)
    if not 0 <= value <= 1:
        raise ImproperlyConfigured(f"{name} is {value}; write a share from 0 to 1.")
    return value


def choice(name: str, allowed: tuple[str, ...]) -> str:
    """Return one of `allowed`; the first is the default."""
    value = os.environ.get(name) or allowed[0]
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} is {value!r}; write one of: {', '.join(allowed)}.")
    return value


def words(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def secret(name: str, default: str | None = None) -> str:
    """Read NAME, or the file that NAME_FILE points at (Docker and Kubernetes secrets)."""
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE: cannot read {path}: {error}") from error
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"Set {name} (or {name}_FILE); see .env.example.")
    return value


def web_address(name: str) -> str:
    """Return an address that begins with http:// or https://, or nothing."""
    value = os.environ.get(name, "").strip()
    if value and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname):
        raise ImproperlyConfigured(f"{name} is no address; write https://host/path.")
    return value


def broker_url(redis_url: str) -> str:
    """Return a Redis address in Celery's words, which differ for a Unix socket.

    unix://[:password@]/path?db=N becomes redis+socket://...?virtual_host=N: Celery would take no
    notice of `db` and use database 0, whatever else lies there.
    """
    url = urlsplit(redis_url)
    if url.scheme != "unix":
        return redis_url
    options = dict(parse_qsl(url.query))
    if (number := options.pop("db", None)) is not None:
        options["virtual_host"] = number
    query = f"?{urlencode(options)}" if options else ""
    return f"redis+socket://{url.netloc}{url.path}{query}"


def redis_database(redis_url: str, number: int) -> str:
    """Return the address of another numbered database of the same Redis."""
    url = urlsplit(redis_url)
    if url.scheme != "unix":
        return urlunsplit(url._replace(path=f"/{number}"))
    query = urlencode({**dict(parse_qsl(url.query)), "db": number})
    return f"unix://{url.netloc}{url.path}?{query}"


def database(name: str = "DATABASE_URL") -> dict[str, Any]:
    """Read a libpq-style address: postgresql://user:password@host:port/name?host=/socket/folder.

    PostgreSQL is the one supported engine: leases need SKIP LOCKED and partial indexes.
    """
    url = urlsplit(secret(name))
    if url.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(f"{name} must start with postgresql://, not {url.scheme!r}.")
    options = dict(parse_qsl(url.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path.lstrip("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": options.pop("host", url.hostname or ""),
        "PORT": str(url.port or options.pop("port", "")),
        "OPTIONS": options,
        # Opening a connection for each request costs five times a small page (measured).
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
    }
