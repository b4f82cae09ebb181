"""Telling networks apart without knowing them.

A report keeps a salted hash of its /24 (IPv4) or /48 (IPv6) network, never the address. The salt is
random, changes every week and is deleted four weeks later: from then on nobody, the operator
included, can find the network again. Weeks are told apart but for reports of one product that are
open, or that an undo may open again: a network that has one keeps its hash there.
"""

import hashlib
import hmac
import ipaddress
import secrets
from datetime import date, datetime, timedelta

from reviewapp.choices import ReportStatus
from reviewapp.models import MisclassificationReport, NetworkSalt, Product

# Longer than a case collects and an admin takes to look at a ring.
KEEP_NETWORKS = timedelta(days=28)
_PREFIX = {4: 24, 6: 48}
# Now, or again once a decision is undone; what has expired or was voided never is.
_MAY_BE_OPEN = [ReportStatus.OPEN, ReportStatus.UPHELD, ReportStatus.DISMISSED]
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
    return _hash(network, _salt(_monday(now))) if network else ""


def hash_for_report(*, product: Product, address: str, now: datetime) -> str:
    """Return the hash to file a report of `product` with; "" for what is no network address.

    That of the network's report of the product, if it has one that is open or decided, made with
    whichever salt is left; else this week's. A case that is open over a Monday, or that an undo
    opens again, would hear one network twice. To be called with the product locked.
    """
    network = network_of(address)
    if not network:
        return ""
    salts = NetworkSalt.objects.values_list("salt", flat=True)
    known = MisclassificationReport.objects.filter(
        product=product,
        status__in=_MAY_BE_OPEN,
        network__in=[_hash(network, bytes(salt)) for salt in salts],
    ).order_by("created_at", "pk")
    first = known.values_list("network", flat=True).first()
    return first or network_hash(address=address, now=now)


def _hash(network: str, salt: bytes) -> str:
    return hmac.new(salt, network.encode(), hashlib.sha256).hexdigest()[:_HASH_CHARS]


def forget_networks(*, now: datetime) -> int:
    """Delete hashes older than KEEP_NETWORKS, and salts of weeks that lie wholly before."""
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
