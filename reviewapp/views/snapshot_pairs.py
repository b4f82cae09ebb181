"""How two snapshots differ: at a glance, and product by product."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from reviewapp.domain.snapshots import SnapshotDiff
from reviewapp.models import DatasetSnapshot
from reviewapp.selectors import snapshots as selectors
from reviewapp.types import UserRequest
from reviewapp.views.datasets import may_look, page_language
from reviewapp.views.parts import part_links, wanted_part

_SHOWN = 50


@login_required
@may_look
@require_GET
def compare(request: UserRequest) -> HttpResponse:
    """What has been added, removed and relabelled from one snapshot to another (`?from=`, `?to=`)."""
    asked = [request.GET.get(name, "") for name in ("from", "to")]
    old, new = map(_chosen, asked)
    context: dict[str, Any] = {
        "old": old,
        "new": new,
        "comparable": selectors.snapshots_to_choose(asked, _SHOWN),
    }
    if old is not None and new is not None:
        context |= _differences(old, new)
    return render(request, "datasets/compare.html", context)


@login_required
@may_look
@require_GET
def changes(request: UserRequest) -> HttpResponse:
    """All products that differ one way (`?kind=` relabelled, added or removed) from one snapshot to
    another (`?from=`, `?to=`), in pages (`?start=`)."""
    old, new = (_chosen(request.GET.get(name, "")) for name in ("from", "to"))
    kind = request.GET.get("kind", "")
    if old is None or new is None or kind not in _titles():
        raise Http404
    pair = _pair(old, new)
    ids = _ids(pair.diff, kind)
    part = wanted_part(request, total=len(ids), size=_SHOWN)
    context = {
        "old": old,
        "new": new,
        "title": _titles()[kind],
        "number": part.total,
        "rows": _rows(pair, ids[part.start : part.last], _names(old, new)),
        **part_links(part, _address(old, new, kind)),
    }
    return render(request, "datasets/changes.html", context)


def _differences(old: DatasetSnapshot, new: DatasetSnapshot) -> dict[str, Any]:
    pair, names = _pair(old, new), _names(old, new)
    lists = [
        {
            "key": kind,
            "title": title,
            "number": len(_ids(pair.diff, kind)),
            "rows": _rows(pair, _ids(pair.diff, kind)[:_SHOWN], names),
            "link": _address(old, new, kind),
        }
        for kind, title in _titles().items()
    ]
    moves = [(names[before], names[after], number) for (before, after), number in pair.diff.moves]
    return {"diff": pair.diff, "moves": moves, "lists": lists}


def _titles() -> dict[str, str]:
    return {"relabelled": _("Relabelled"), "added": _("Added"), "removed": _("Removed")}


def _ids(diff: SnapshotDiff, kind: str) -> list[int]:
    ids: list[int] = getattr(diff, kind)
    return ids


def _rows(
    pair: selectors.SnapshotPair, ids: list[int], names: dict[int | None, str]
) -> list[tuple[selectors.ChangedRow, str, str]]:
    return [(row, names[row.before], names[row.after]) for row in pair.rows(ids)]


def _names(old: DatasetSnapshot, new: DatasetSnapshot) -> dict[int | None, str]:
    """Return the categories of both in words, by code; a dash for none."""
    name = f"name_{page_language()}"
    classes = (*old.manifest["classes"], *new.manifest["classes"])
    return {None: "–"} | {one["code"]: f"{one['code']} {one[name]}" for one in classes}


def _pair(old: DatasetSnapshot, new: DatasetSnapshot) -> selectors.SnapshotPair:
    try:
        return selectors.snapshot_pair(old, new)
    except (FileNotFoundError, selectors.SnapshotAltered) as error:
        words = _("The file of a snapshot has been removed from the disk, or altered.")
        raise Http404(words) from error


def _address(old: DatasetSnapshot, new: DatasetSnapshot, kind: str) -> str:
    query = [("from", str(old.pk)), ("to", str(new.pk)), ("kind", kind)]
    return f"{reverse('datasets:changes')}?{urlencode(query)}"


def _chosen(number: str) -> DatasetSnapshot | None:
    if not number:
        return None
    if not number.isdecimal() or len(number) > 9:
        raise Http404
    return get_object_or_404(selectors.finished_snapshots(), pk=int(number))
