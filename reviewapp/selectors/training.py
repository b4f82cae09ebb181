"""Training runs as the pages, the API and the sweeper see them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from classifier.config import ConfigInvalid
from classifier.run_config import RunConfig
from reviewapp.choices import (
    JobStatus,
    MemberChoice,
    ProductStatus,
    Split,
    TrainingOrigin,
    TrainingStatus,
)
from reviewapp.models import (
    Category,
    DatasetSnapshot,
    FeedbackLabel,
    ModelVersion,
    Product,
    TrainingRun,
    TrainingSchedule,
)
from reviewapp.models.training import OPEN
from reviewapp.selectors.model_versions import is_trained_here

# A message that has not been taken up by then may be lost.
_MESSAGE_DUE: Final = timedelta(seconds=15)
_TONES: Final = ("accent", "danger", "warning", "info")
_TABLE_ROWS: Final = 20  # of a chart's numbers beside it
Point = tuple[float, float]
_LOSS_BY_STRENGTH: Final = "log_loss_by_strength"


def checked_config(values: Mapping[str, Any]) -> RunConfig:
    """Return the configuration of a run here.

    Raises ConfigInvalid as `RunConfig.from_json` does, and for an elder that no run here has made:
    the gate could not leave out what such a one has learned.
    """
    config = RunConfig.from_json(dict(values))
    if config.elder and not is_trained_here(config.elder):
        message = _('elder: no model trained here has the manifest %s…; name one, or "" for none.')
        raise ConfigInvalid(message % config.elder[:12])
    return config


def recent_runs() -> QuerySet[TrainingRun]:
    """All runs, newest first."""
    runs = TrainingRun.objects.select_related("snapshot", "requested_by", "model_version")
    return runs.defer("snapshot__manifest", "model_version__metrics").order_by("-id")


def stranded_runs(*, now: datetime) -> list[int]:
    """Return the runs that a worker could take: they wait, or their worker has gone silent."""
    frozen = Q(snapshot=None) | Q(snapshot__status__in=[JobStatus.DONE, JobStatus.FAILED])
    waits = Q(status=TrainingStatus.WAITING, created_at__lte=now - _MESSAGE_DUE) & frozen
    silent = Q(status=TrainingStatus.RUNNING, lease_expires_at__lte=now)
    return list(
        TrainingRun.objects.filter(waits | silent).order_by("id").values_list("pk", flat=True)
    )


def runs_waiting_for(snapshot_id: int) -> list[int]:
    """Return the runs that wait, among other things, for this snapshot to end."""
    rows = TrainingRun.objects.filter(snapshot=snapshot_id, status=TrainingStatus.WAITING)
    return list(rows.order_by("id").values_list("pk", flat=True))


def base_products() -> QuerySet[Product]:
    """Products that the marketplace's own feeds brought with a code of the taxonomy and that no
    person has labelled. A seller's word is nobody's ground truth, and what waits for the models is
    yet to be answered by one that has not learned it."""
    codes = Category.objects.filter(is_active=True).values("code")
    live = FeedbackLabel.objects.filter(product=OuterRef("pk"), ended_at=None)
    own_feed = Q(seller=None) | Q(is_demo=True)
    products = Product.objects.filter(own_feed, ~Exists(live), given_code__in=codes)
    return products.exclude(status=ProductStatus.WAITING)


def learned_by(version: ModelVersion) -> QuerySet[Product]:
    """Products that a training run's version has learned: of the training part since before it was
    made. Of these it is sure by heart, whatever its calibration says; all that it may have learned
    are meant: base rows of earlier runs, and what has risen to the test since."""
    if not version.training_runs.exists():
        return Product.objects.none()
    in_training = Q(split_assignment__split=Split.TRAIN) | Q(split_assignment__was_in_training=True)
    return Product.objects.filter(
        in_training, split_assignment__assigned_at__lte=version.created_at
    )


def learned_among(version: ModelVersion, ids: Collection[int]) -> set[int]:
    """Return which of the products `ids` the version may know by heart (see `learned_by`)."""
    return set(learned_by(version).filter(pk__in=ids).values_list("pk", flat=True))


def live_labels() -> QuerySet[FeedbackLabel]:
    """Labels that a snapshot made now would hold."""
    return FeedbackLabel.objects.filter(ended_at=None, input_digest=F("product__input_digest"))


def labels_by_category() -> dict[Category, int]:
    """Return how many labels each active category has, in the order of the codes."""
    rows = live_labels().values("category").annotate(number=Count("id"))
    counts = {row["category"]: row["number"] for row in rows}
    return {one: counts.get(one.pk, 0) for one in Category.objects.filter(is_active=True)}


def is_first_model_coming() -> bool:
    """Whether a run is under way that is promoted when it ends, because nothing classifies yet."""
    return TrainingRun.objects.filter(origin=TrainingOrigin.COLD_START, status__in=OPEN).exists()


def last_scheduled_from() -> datetime | None:
    """Return when a run last took its occasion: any of the schedule's, or a person's that went well.

    One of the schedule's that failed or was cancelled counts too: else it would come again at once.
    """
    ended_badly = (TrainingStatus.FAILED, TrainingStatus.CANCELLED)
    runs = TrainingRun.objects.filter(snapshot__isnull=False)
    runs = runs.exclude(origin=TrainingOrigin.PERSON, status__in=ended_badly)
    return runs.order_by("-created_at").values_list("created_at", flat=True).first()


def labels_since(moment: datetime | None) -> int:
    """Count the live labels that have been given since `moment`."""
    labels = live_labels()
    return (labels.filter(created_at__gt=moment) if moment else labels).count()


def labels_after(snapshot: DatasetSnapshot) -> int:
    """Count the live labels given since the snapshot was frozen; 0 for one that has not noted it."""
    if snapshot.last_label is None:
        return 0
    return live_labels().filter(pk__gt=snapshot.last_label).count()


def schedules() -> QuerySet[TrainingSchedule]:
    """All versions of the schedule, newest first."""
    return TrainingSchedule.objects.select_related("created_by").order_by("-version")


@dataclass(frozen=True, slots=True)
class Curve:
    """One chart of a run. chart: as `static/js/charts.js` draws it; rows: the same as a table."""

    key: str
    title: str
    chart: dict[str, Any]
    columns: list[str]
    rows: list[tuple[float, list[float | None]]]


def curves(run: TrainingRun) -> list[Curve]:
    """Return the run's curves so far: fine-tuning by step, members' heads by regularisation."""
    series: dict[str, list[Point]] = {}
    for curve, x, y in run.points.order_by("curve", "x").values_list("curve", "x", "y"):
        series.setdefault(curve, []).append((x, y))
    charts = []
    for kind, title in (
        ("text", _("Fine-tuning the text backbone")),
        ("image", _("Fine-tuning the picture backbone")),
    ):
        named = {
            words: points
            for name, words in _tuning().items()
            if (points := series.get(f"{kind}/{name}"))
        }
        if named:
            share = _tuning()["validation_accuracy"]
            charts.append(_curve(f"tune-{kind}", title, _("Step"), named, share=share))
    heads = {
        str(MemberChoice(name).label): points
        for name in MemberChoice.values
        if (points := series.get(f"{name}/{_LOSS_BY_STRENGTH}"))
    }
    if heads:
        title = _("Members: log-loss on folds held out, by regularisation")
        charts.append(_curve("heads", title, _("Strength of regularisation"), heads, is_log=True))
    return charts


def _tuning() -> dict[str, str]:
    return {
        "training_loss": _("Training loss"),
        "validation_loss": _("Validation loss"),
        "validation_accuracy": _("Validation accuracy"),
    }


def _curve(
    key: str,
    title: str,
    x_title: str,
    named: dict[str, list[Point]],
    *,
    is_log: bool = False,
    share: str = "",
) -> Curve:
    """share: the series with an axis of its own, since it is no loss"""
    series = [
        {
            "kind": "line",
            "name": name,
            "x": [x for x, _y in points],
            "y": [round(y, 5) for _x, y in points],
            "tone": tone,
            **({"axis": "y2"} if name == share else {}),
        }
        for (name, points), tone in zip(named.items(), _TONES, strict=False)
    ]
    # Labels at powers of ten only: at their multiples they lie on each other.
    log = {"type": "log", "format": ".0e", "dtick": 1}
    at: dict[float, dict[str, float]] = {}
    for name, points in named.items():
        for x, y in points:
            at.setdefault(x, {})[name] = y
    shown = sorted(at)[:: max(1, len(at) // _TABLE_ROWS)]
    return Curve(
        key=key,
        title=title,
        # A single series gets no legend.
        chart={
            "x": {"title": x_title, **(log if is_log else {})},
            "y": {"title": _("Log-loss") if is_log else _("Loss")},
            **({"y2": {"title": share, "format": ".0%"}} if share in named else {}),
            "series": series,
        },
        columns=list(named),
        rows=[(x, [at[x].get(name) for name in named]) for x in shown],
    )
