"""Origins of web pages (RFC 6454). Pure."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

_PORTS = {"http": 80, "https": 443}


@dataclass(eq=False)
class OriginRefused(Exception):
    """This is no origin; `message` says what one looks like."""

    message: str


def parse_origin(text: str) -> str:
    """Return the origin of an address, as a browser sends it: `https://shop.example`.

    Whatever follows the host is left out, and so is the scheme's own port; international names
    become ASCII. Raises OriginRefused.
    """
    try:
        parts = urlsplit(text.strip())
        host = (parts.hostname or "").encode("idna").decode()
        port = parts.port
    except ValueError as error:  # UnicodeError is one
        raise OriginRefused(
            _("This is not an address: give one like https://shop.example.")
        ) from error
    if (
        parts.scheme not in _PORTS
        or not host
        or parts.username
        or parts.password
        or len(host) > 250
    ):
        raise OriginRefused(_("Give the address of a site, like https://shop.example."))
    if ":" in host:
        host = f"[{host}]"
    shown = "" if port in (None, _PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{host}{shown}"
