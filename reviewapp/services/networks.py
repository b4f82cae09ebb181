"""Telling networks apart without knowing them.

A report keeps a salted hash of its /24 (IPv4) or /48 (IPv6) network, never the address. The salt is
random, changes every week and is deleted with the last hash made with it: from then on nobody, the
operator included, can find the network again.
"""

import hashlib
import hmac
import ipaddress
import secrets
from datetime import date, datetime, timedelta

from reviewapp.models import MisclassificationReport, NetworkSalt

# Longer than a case collects and an admin takes to look at a ring.
KEEP_NETWORKS = timedelta(days=28)
_PREFIX = {4: 24, 6: 48}
_HASH_CHARS = 32


def network_of(address: str) -> str:
    """Return the network of `address` in the clear, for limits; "" when that is no network address.

    Whoever has one IPv6 address has as many as he likes: what counts is the network.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return str(ipaddress.ip_network((parsed, _PREFIX[parsed.version]), strict=False))


def host_of(address: str) -> str:
    """Return what one household or server has: an IPv4 address, or an IPv6 /64."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address) and not parsed.ipv4_mapped:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return address


def network_hash(*, address: str, now: datetime) -> str:
    """Return the hash of the network of `address`; "" when that is no network address.

    Equal for equal networks within one week (from Monday, UTC).
    """
    network = network_of(address)
    if not network:
        return ""
    digest = hmac.new(_salt(_monday(now)), network.encode(), hashlib.sha256)
    return digest.hexdigest()[:_HASH_CHARS]


def forget_networks(*, now: datetime) -> int:
    """Delete hashes older than KEEP_NETWORKS, and salts that made none that is left."""
    oldest = now - KEEP_NETWORKS
    NetworkSalt.objects.filter(week__lt=_monday(oldest)).delete()
    old = MisclassificationReport.objects.filter(created_at__lt=oldest).exclude(network="")
    return old.update(network="")


def _monday(now: datetime) -> date:
    return now.date() - timedelta(days=now.weekday())


def _salt(week: date) -> bytes:
    # Whoever comes first makes it; all others read the same.
    NetworkSalt.objects.bulk_create(
        [NetworkSalt(week=week, salt=secrets.token_bytes(32))], ignore_conflicts=True
    )
    return bytes(NetworkSalt.objects.get(week=week).salt)
