import re
from datetime import date
from html import unescape

import numpy as np
import pytest
from django.urls import reverse

from reviewapp.domain.snapshots import Filters
from reviewapp.models import (
    DatasetSnapshot,
    Evaluation,
    GateReport,
)
from reviewapp.selectors.evaluations import answer_sheet
from reviewapp.selectors.version_pairs import answer_pair
from reviewapp.services.evaluations import judge, request_gate
from tests.evaluation_world import bare_snapshot, measured, measured_pair
from tests.factories import (
    AdminFactory,
    CategoryFactory,
    ChampionFactory,
    FeedbackLabelFactory,
    ModelVersionFactory,
    ModeratorFactory,
    ProductFactory,
    TrainedRunFactory,
)
from worker.tasks import evaluate

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def told(monkeypatch):
    sent = []
    monkeypatch.setattr(
        evaluate.run_evaluation, "apply_async", lambda arguments, **_: sent.append(arguments[0])
    )
    monkeypatch.setattr(evaluate.judge_gates, "apply_async", lambda *_, **__: None)
    return sent


@pytest.fixture
def admin(client):
    user = AdminFactory(language="en")
    client.force_login(user)
    return user


@pytest.fixture
def pair(now):
    return measured_pair(now)


def get(client, name, *args, **query):
    return client.get(reverse(f"models:{name}", args=args), query)


def judged(old, new, admin, now):
    """The gate's report on `new` against `old`."""
    report = request_gate(
        candidate=new.model_version,
        champion=old.model_version,
        snapshot=old.snapshot,
        user=admin,
        now=now,
    )
    judge(report_id=report.pk, now=now)
    return report


def test_moderators_do_not_see_models(client):
    client.force_login(ModeratorFactory())

    assert get(client, "evaluations").status_code == 403


def test_an_admin_asks_for_a_judgement_and_workers_hear_of_both_versions(
    client, admin, now, told, django_capture_on_commit_callbacks
):
    ChampionFactory()
    candidate = ModelVersionFactory()
    snapshot = bare_snapshot(now, products=400)
    data = {"version": candidate.pk, "snapshot": snapshot.pk, "is_judged": "on"}

    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(reverse("models:evaluations"), data)

    report = GateReport.objects.get()
    assert response.url == reverse("models:gate", args=[report.pk])
    assert sorted(told) == sorted(Evaluation.objects.values_list("pk", flat=True))
    html = client.get(response.url).content.decode()
    assert "Waiting for a worker" in html


def test_measuring_alone_and_without_test_products(client, admin, now):
    ChampionFactory()
    version = ModelVersionFactory()
    empty = bare_snapshot(now, products=0)
    address = reverse("models:evaluations")

    refused = client.post(address, {"version": version.pk, "snapshot": empty.pk}, follow=True)
    invalid = client.post(address, {"version": "", "snapshot": empty.pk})

    assert "no test products" in refused.content.decode()
    assert invalid.status_code == 422


def test_an_evaluation_shows_every_measure(client, admin, pair):
    html = get(client, "evaluation", pair[0].pk).content.decode()

    for text in (
        "FUSION (both)",
        "Calibration error",
        "AURC",
        "Do confidences hold?",
        "What is taken for what",
    ):
        assert text in html
    assert "confusion" in html
    assert f"{reverse('models:answers', args=[pair[0].pk])}?member=fusion&amp;true=" in html


def test_numbers_of_a_test_split_say_that_they_are_not_about_arrivals(client, admin, pair, now):
    old, new = pair
    report = judged(old, new, admin, now)

    for page in (
        get(client, "evaluation", old.pk),
        get(client, "comparison", old=old.pk, new=new.pk),
        get(client, "gate", report.pk),
    ):
        html = page.content.decode()
        said = html[html.index("test products, not about arrivals") :]
        assert f'href="{reverse("models:live")}"' in said


def test_it_is_said_of_which_version_nobody_knows_what_it_has_learned(client, admin, pair, now):
    old, new = pair
    TrainedRunFactory(model_version=old.model_version)
    report = judged(old, new, admin, now)

    for page in (
        get(client, "evaluation", new.pk),
        get(client, "comparison", old=old.pk, new=new.pk),
        get(client, "gate", report.pk),
    ):
        assert "Nobody here knows what this version has learned: new-1</p>" in page.content.decode()
    assert "Nobody here knows" not in get(client, "evaluation", old.pk).content.decode()


def test_a_judgement_on_a_selection_of_labels_says_so(client, admin, pair, now):
    old, new = pair
    report = judged(old, new, admin, now)
    frozen, _later = FeedbackLabelFactory(), FeedbackLabelFactory()
    DatasetSnapshot.objects.update(last_label=frozen.pk)

    whole = get(client, "gate", report.pk).content.decode()
    chosen = Filters(is_blind_only=True, decided_until=date(2026, 2, 1))
    DatasetSnapshot.objects.update(filters=chosen.as_json())
    part = get(client, "gate", report.pk).content.decode()

    assert "1 label has been given since" in whole
    assert "Judged on a selection" not in whole
    assert "Judged on a selection of the labels" in part
    assert "blind answers only, until 2026-02-01" in part


def test_a_judgement_tells_how_many_others_have_been_tried(client, admin, pair, now):
    old, new = pair
    third = measured(ModelVersionFactory(), old.snapshot, now, sharpness=2.2, products=400)
    reports = [
        request_gate(
            candidate=one.model_version,
            champion=old.model_version,
            snapshot=old.snapshot,
            user=admin,
            now=now,
        )
        for one in (new, third)
    ]

    judge(report_id=reports[0].pk, now=now)
    first = get(client, "gate", reports[0].pk).content.decode()
    judge(report_id=reports[1].pk, now=now)
    after = get(client, "gate", reports[0].pk).content.decode()

    assert "judged against this champion" not in first
    assert "1 other version has been judged against this champion" in after


def test_a_cell_of_the_confusion_matrix_leads_to_its_products(client, admin, pair):
    true, predicted, number = next(
        cell for cell in pair[0].metrics["members"]["fusion"]["confusion"] if cell[0] != cell[1]
    )

    html = get(client, "answers", pair[0].pk, true=true, predicted=predicted).content.decode()

    assert html.count("deleted since") == number
    assert 'rel="next"' not in html
    assert get(client, "answers", pair[0].pk, true="x", predicted=1).status_code == 404


def shown(page):
    """The products of a page, all of them deleted since."""
    return re.findall(r"(\d+) <span[^>]*>deleted since", page.content.decode())


def walk(client, page):
    """The products of this page and of all after it."""
    found = shown(page)
    while link := re.search(r'rel="next" href="([^"]+)"', page.content.decode()):
        page = client.get(unescape(link[1]))
        found += shown(page)
    return found


def test_a_cell_leads_to_all_of_its_products_page_by_page(client, admin, pair, monkeypatch):
    sheet = answer_sheet(pair[0])
    is_right = (sheet.true == 10) & (sheet.members["fusion"].predicted == 10)
    query = {"true": 10, "predicted": 10, "member": "fusion"}
    monkeypatch.setattr("reviewapp.views.evaluations._SHOWN", 10)

    first = get(client, "answers", pair[0].pk, **query)

    assert len(shown(first)) == 10 < is_right.sum()
    assert walk(client, first) == [str(one) for one in sheet.product[is_right]]
    assert f"1 to 10 of {is_right.sum()}" in first.content.decode()
    second = get(client, "answers", pair[0].pk, start=10, **query).content.decode()
    assert "?member=fusion&amp;true=10&amp;predicted=10&amp;start=0" in second
    for start in (is_right.sum(), "-1", "x", ""):
        assert get(client, "answers", pair[0].pk, start=start, **query).status_code == 404


@pytest.mark.parametrize("kind", ["lost", "won"])
def test_a_comparison_leads_to_all_products_that_changed_sides(
    client, admin, pair, kind, monkeypatch, django_assert_max_num_queries
):
    # The sharper one loses nothing.
    old, new = pair if kind == "won" else reversed(pair)
    both = answer_pair(old, new, "fusion")
    mask = both.negative_flips if kind == "lost" else both.positive_flips
    monkeypatch.setattr("reviewapp.views.version_pairs._SHOWN", 2)

    compared = get(client, "comparison", old=old.pk, new=new.pk).content.decode()
    link = re.search(rf'href="([^"]+kind={kind})">All (\d+) products', compared)
    with django_assert_max_num_queries(12):
        first = client.get(unescape(link[1]))

    assert len(shown(first)) == 2 < mask.sum() == int(link[2])
    assert walk(client, first) == [str(one) for one in both.product[mask]]


def test_products_that_changed_sides_need_two_comparable_versions(client, admin, pair, now):
    old, new = pair
    elsewhere = measured(ModelVersionFactory(), bare_snapshot(now, products=400), now, products=400)
    good = {"old": old.pk, "new": new.pk, "member": "fusion", "kind": "won"}

    assert get(client, "flips", **good).status_code == 200
    for change in (
        {"old": 0},
        {"new": elsewhere.pk},
        {"member": "cnn"},
        {"member": "x"},
        {"kind": "both"},
        {"start": 10**8},
    ):
        assert get(client, "flips", **good | change).status_code == 404
    client.force_login(ModeratorFactory())
    assert get(client, "flips", **good).status_code == 403


def test_two_versions_stand_side_by_side_with_the_products_that_changed_sides(client, admin, pair):
    old, new = pair
    ProductFactory(pk=7, designation="Le produit numéro sept")

    html = get(client, "comparison", old=old.pk, new=new.pk).content.decode()

    for text in (
        "new-1 against old-1",
        "Right before, wrong now",
        "Wrong before, right now",
        "pts",
    ):
        assert text in html


def test_versions_of_other_snapshots_cannot_be_compared(client, admin, pair, now):
    other = bare_snapshot(now, products=400)
    elsewhere = measured(ModelVersionFactory(), other, now, products=400)

    html = get(client, "comparison", old=pair[0].pk, new=elsewhere.pk).content.decode()

    assert "measured on the same snapshot" in html


def test_the_judgement_shows_each_test_with_number_threshold_and_verdict(client, admin, pair, now):
    old, new = pair
    report = request_gate(
        candidate=new.model_version,
        champion=old.model_version,
        snapshot=old.snapshot,
        user=admin,
        now=now,
    )
    address = reverse("models:gate", args=[report.pk])

    waiting = client.get(address, headers={"HX-Request": "true"})
    judge(report_id=report.pk, now=now)
    html = client.get(address).content.decode()
    ended = client.get(address, headers={"HX-Request": "true"})

    assert "HX-Refresh" not in waiting
    assert ended["HX-Refresh"] == "true"
    for text in ("Macro F1 not worse", "above −0.3 pts", "p &lt; 0.001", "≤ 1.5%", "≤ 500 ms"):
        assert text in html
    assert "champion:" in html
    assert reverse("models:gate", args=[report.pk]) in get(client, "evaluations").content.decode()


def test_the_judgement_shows_every_groups_numbers_and_who_is_beyond_the_bound(client, admin, now):
    snapshot, versions = (
        bare_snapshot(now, products=1500),
        [ModelVersionFactory() for _ in range(2)],
    )
    german = np.arange(1500) % 2 == 0
    CategoryFactory(code=10, family__slug="toys", family__name_en="Toys")
    CategoryFactory(code=20, family__slug="books")
    language = np.where(german, "de", "fr")
    old, new = (
        measured(one, snapshot, now, sharpness=2.5, language=language, signal_factor=factor)
        for one, factor in zip(versions, (1.0, np.where(german, 1.6, 1.0)), strict=True)
    )
    report = request_gate(
        candidate=new.model_version,
        champion=old.model_version,
        snapshot=snapshot,
        user=admin,
        now=now,
    )
    judge(report_id=report.pk, now=now)

    html = get(client, "gate", report.pk).content.decode()

    assert "No gap between groups wider" in html
    assert "Language “de” (error)" in html
    assert "Beyond it: Language “de”" in html
    assert "too few products" in html
    assert "Toys (share of reviews)" in html


def test_the_list_takes_a_fixed_number_of_queries(
    client, admin, now, django_assert_max_num_queries
):
    for _ in range(6):
        snapshot = bare_snapshot(now, products=60)
        measured(ModelVersionFactory(), snapshot, now, products=60)

    with django_assert_max_num_queries(16) as queries:
        html = get(client, "evaluations").content.decode()

    assert html.count("60</td>") == 6
    assert not re.search(r'"(metrics|manifest)",', " ".join(one["sql"] for one in queries))
