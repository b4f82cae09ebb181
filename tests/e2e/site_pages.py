"""Every page of the site with something on it, by who sees it: for looking at all of them."""

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from reviewapp.choices import MeasureKind, ReviewReason, Verdict
from reviewapp.domain.rechecks import Scope
from reviewapp.models import (
    CatalogueImport,
    Category,
    LiveMeasure,
    Product,
    ReportCase,
    ReportRing,
    Route,
    ShadowRun,
)
from reviewapp.services import bulk, rechecks, rings
from reviewapp.services.confirmations import confirmation_token
from reviewapp.services.evaluations import judge, request_gate
from reviewapp.services.reports import submit_report
from tests.drift_rows import alarm_of_language
from tests.e2e.pictures import stored_picture
from tests.evaluation_world import bare_snapshot
from tests.evaluation_world import measured as measured_version
from tests.factories import (
    AdminFactory,
    BuyerFactory,
    ChampionFactory,
    DecisionFactory,
    DisagreementFactory,
    FeedbackLabelFactory,
    ListedProductFactory,
    ModelVersionFactory,
    ModeratorFactory,
    PredictionFactory,
    ProductFactory,
    ProvenBuyerFactory,
    RoutingPolicyFactory,
    SellerFactory,
    SnapshotFactory,
)
from tests.labels import label, snapshot
from tests.review_world import doubtful_item, load_categories
from tests.services.test_appeals import decided
from tests.suspect_world import suspects_found
from tests.training_world import request as request_training
from tests.views.test_team import alarm_about, closed, measured

# Answers to buttons, parts of pages, files, and addresses that only lead on.
NO_PAGES = {
    "logout", "preferences", "readyz", "healthz", "version", "exports:index", "exports:state",
    "exports:download", "datasets:state", "datasets:card", "datasets:config", "imports:report",
    "datasets:undecided", "datasets:present-config",
    "policy:effect", "policy:figures", "reports:mail", "reports:mail-again", "reports:submit", "review:claim", "review:heartbeat",
    "review:leave", "review:unskip", "review:held", "review:lost", "review:counts",
    "review:decide", "review:skip", "review:escalate", "review:neighbours", "review:explanation",
    "review:undo", "review:filter-save", "review:filter-delete", "review:assign",
    "review:end-assignments", "review:skills", "review:grid-decide", "review:grid-undo",
    "models:evaluation-state", "models:promote", "models:roll-back", "models:rescoring",
    "quality:figures", "dashboards:figure", "quality:acknowledge", "drift:figures", "drift:acknowledge", "fairness:figures", "embed-script", "rings:end-site", "training:state", "training:curves", "training:cancel", "training:retry", "models:pause", "models:shadow-start", "models:shadow-stop", "seller:preview", "seller:preview-answer", "seller:preview-edit",
    "review:dispute", "review:undo-adjudication", "review:demote", "review:undo-recheck", "review:close-alarm", "rings:look", "seller:revoke",
    "seller:appeal", "metrics", "training:suspects-state", "training:suspects-open",
    "drift:go-back", "drift:take-as-normal",
}  # fmt: skip


class Page(NamedTuple):
    """A page by its route's name, with what its address needs."""

    name: str
    args: tuple = ()
    query: str = ""

    @property
    def address(self) -> str:
        return reverse(self.name, args=self.args) + self.query


def visitor():
    """Somebody who has not signed in."""
    load_categories()
    lamp = ListedProductFactory(
        designation="Lampe de chevet",
        category=Category.objects.get(code=2060),
        image=stored_picture(),
    )
    return None, [
        Page("home"),
        Page("login"),
        Page("shop:index"),
        Page("shop:index", query="?q=lampe"),
        Page("shop:index", query="?q=zzz"),
        Page("shop:category", (2060,)),
        Page("shop:product", (lamp.pk,)),
    ]


def buyer():
    """Somebody who has reported, was right before, and has yet to confirm an address."""
    _person, [*_rest, product] = visitor()
    person = ProvenBuyerFactory(
        upheld__at=timezone.now(),
        wants_mail=True,
        email="a-rather-long.name-of-somebody@mail.example.org",
    )
    token = confirmation_token(user=person, now=timezone.now())
    submit_report(
        product=Product.objects.get(pk=product.args[0]),
        reporter=person,
        suggested_category=Category.objects.get(code=1281),
        comment="A board game.",
        now=timezone.now(),
        address="10.0.0.1",
    )
    names = ("reports:mine", "password_change", "password_change_done")
    return person, [*map(Page, names), product, Page("reports:confirm", (token,))]


def seller():
    """Somebody with products in every state, an import and an appeal at hand."""
    load_categories()
    person = SellerFactory()
    contested = decided(person, ModeratorFactory())
    waiting = ProductFactory(seller=person)
    job = CatalogueImport.objects.create(
        format="csv",
        source="x",
        seller=person,
        status="running",
        rows_total=85_000,
        rows_done=12_345,
        created_at=timezone.now(),
    )
    names = ("seller:products", "seller:add", "seller:tokens", "imports:index")
    return person, [
        *map(Page, names),
        Page("imports:detail", (job.pk,)),
        *(Page("seller:product", (one.pk,)) for one in (contested, waiting)),
        Page("seller:edit", (waiting.pk,)),
    ]


def moderator():
    """Somebody with a queue, a grid and a past."""
    load_categories()
    person, now = ModeratorFactory(), timezone.now()
    toys = Category.objects.get(code=1280)
    for number in range(3):
        doubtful_item(settings.MEDIA_ROOT, number)
    for number in range(3, 6):
        doubtful_item(number=number, group_key=7, suggested=toys)
    bulk.claim_group(moderator=person, group_key=7, category=toys, now=now)
    decision = _past_of(person)
    names = ("desk", "guide", "bulk", "keys", "work", "history", "decisions")
    return person, [
        *(Page(f"review:{name}") for name in names),
        Page("review:grid", ("7", 1280)),
        Page("review:decisions", query="?q=nothing"),
        Page("review:provenance", (decision.product_id,)),
    ]


def demoted():
    """Somebody whose answers are all checked, and who has no grids."""
    person, _pages = moderator()
    now = timezone.now()
    rechecks.demote(moderator=person, lead=AdminFactory(), comment="A bad week.", now=now)
    return person, [Page("review:work"), Page("review:bulk"), Page("review:grid", ("7", 1280))]


def lead():
    """Somebody who looks after moderators: alarms, rechecks, who gets what."""
    load_categories()
    person, watched, now = AdminFactory(), ModeratorFactory(), timezone.now()
    first = _past_of(watched)
    measured(MeasureKind.ALPHA, None)
    measured(MeasureKind.ALPHA, None, category=first.category)
    measured(MeasureKind.COMPETENCE, watched, category=first.category)
    alarm_about(watched)
    week = Scope(days=7)
    rechecks.open_recheck(moderator=watched, lead=person, scope=week, comment="Look.", now=now)
    rechecks.demote(moderator=watched, lead=person, comment="Look again.", now=now)
    _past_of(watched)
    disagreement = DisagreementFactory(first=first)
    asked = doubtful_item(number=1, escalated_at=now)
    DecisionFactory(
        item=asked,
        moderator=watched,
        verdict=Verdict.ESCALATED,
        category=None,
        comment="A toy or a model?",
    )
    names = ("team", "sharing", "disagreements", "questions")
    return person, [
        *(Page(f"review:{name}") for name in names),
        Page("review:member", (watched.pk,)),
        Page("review:recheck", (watched.pk,)),
        Page("review:disagreement", (disagreement.pk,)),
        Page("review:question", (asked.pk,)),
    ]


def admin():
    """Somebody who answers for models, data and reports."""
    load_categories()
    person = AdminFactory()
    snapshot = SnapshotFactory()
    job = CatalogueImport.objects.create(
        format="csv", source="x", status="done", rows_total=3, created_at=timezone.now()
    )
    _crowd_reports()
    alarm_of_language(ChampionFactory())
    names = ("home", "datasets:index", "datasets:labels", "imports:index",
             "policy:index", "rings:index", "rings:cases", "rings:policy",
             "rings:sites", "quality:index", "fairness:index", "dashboards:index", "drift:index")  # fmt: skip
    return person, [
        *map(Page, names),
        Page("dashboards:one", ("delays",)),
        Page("datasets:detail", (snapshot.pk,)),
        Page("imports:detail", (job.pk,)),
        Page("rings:detail", (ReportRing.objects.get().pk,)),
    ]


def judge_of_models():
    """Somebody who compares two versions that were measured on the same products."""
    load_categories()
    person, now = AdminFactory(), timezone.now()
    frozen = bare_snapshot(now, products=400)
    old, new = (
        measured_version(version, frozen, now, sharpness=sharpness, products=400)
        for version, sharpness in ((ChampionFactory(name="old-1"), 2.0),
                                   (ModelVersionFactory(name="new-1"), 2.6))
    )  # fmt: skip
    gate = request_gate(
        candidate=new.model_version,
        champion=old.model_version,
        snapshot=frozen,
        user=person,
        now=now,
    )
    judge(report_id=gate.pk, now=now)
    run = ShadowRun.objects.create(
        version=new.model_version,
        champion=old.model_version,
        share=0.5,
        cursor=0,
        started_at=now,
    )
    live = _live_measure(old, now)
    before = snapshot(now)
    label(now, code=1281)
    pair = f"?from={before.pk}&to={snapshot(now).pk}"
    return person, [
        Page("datasets:compare", query=pair),
        Page("datasets:changes", query=f"{pair}&kind=added"),
        Page("models:index"),
        Page("models:shadow", (run.pk,)),
        Page("models:evaluations"),
        Page("models:live"),
        Page("models:live-products", (live.pk,), "?true=1281&predicted=1280"),
        Page("models:evaluation", (new.pk,)),
        Page("models:answers", (new.pk,), "?true=10&predicted=10"),
        Page("models:comparison", query=f"?old={old.pk}&new={new.pk}"),
        Page("models:flips", query=f"?old={old.pk}&new={new.pk}&member=fusion&kind=won"),
        Page("models:gate", (gate.pk,)),
        *map(Page, ("training:index", "training:schedule", "training:suspects")),
        Page("training:suspects-found", (suspects_found(now).pk,)),
        Page("training:detail", (request_training(now).pk,)),
    ]


ROLES: list[Callable] = [visitor, buyer, seller, moderator, demoted, lead, admin, judge_of_models]


def _past_of(person):
    """Some answers and a question of `person`, today; return the first."""
    now = timezone.now()
    decisions = [
        DecisionFactory(
            item=closed(product__designation="Lampe de chevet"),
            moderator=person,
            category=Category.objects.get(code=code),
            decided_at=now - timedelta(minutes=code % 50),
            seconds=3,
        )
        for code in (1280, 1281, 2060)
    ]
    for decision in decisions:
        FeedbackLabelFactory(decision=decision)
    DecisionFactory(
        item=closed(),
        moderator=person,
        verdict=Verdict.ESCALATED,
        category=None,
        comment="A toy or a model?",
        reasons=[ReviewReason.LOW_CONFIDENCE],
        decided_at=now,
    )
    return decisions[0]


def _live_measure(old, now):
    """What audits say of a version, with a product in a cell of its confusion matrix."""
    said, decided = (Category.objects.get(code=code) for code in (1280, 1281))
    product = ListedProductFactory(designation="Lampe de chevet", category=said)
    answer = PredictionFactory(
        product=product,
        model_version=old.model_version,
        member="fusion",
        category=said,
        confidence=0.93,
        created_at=now,
    )
    Route.objects.create(
        product=product,
        prediction=answer,
        policy=RoutingPolicyFactory(),
        outcome="listed",
        reasons=["audit"],
        inclusion_probability=0.05,
        created_at=now,
    )
    label(now, code=decided.code, product=product, is_blind=True, reasons=["audit"])
    return LiveMeasure.objects.create(
        model_version=old.model_version,
        days=90,
        products=old.metrics["products"],
        audits=1,
        metrics=old.metrics,
        measured_at=now,
    )


def _crowd_reports():
    """A ring of people without a record who report one product at once, and a case."""
    now = timezone.now()
    product = ListedProductFactory(category=Category.objects.get(code=1280), listed_at=now)
    for number, reporter in enumerate(BuyerFactory.create_batch(6)):
        submit_report(
            product=product,
            reporter=reporter,
            suggested_category=Category.objects.get(code=1281),
            comment="",
            now=now - timedelta(seconds=20 - number),
            address=f"10.0.{number}.1",
        )
    rings.hold_rings(now=now)
    assert ReportCase.objects.exists()
