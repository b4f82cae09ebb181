import re
from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from reviewapp.choices import AuditStratum, GroupKind, ReportStatus, ReviewStatus
from reviewapp.domain.fairness import ERROR, WAITING
from reviewapp.domain.policy_effect import Sample
from reviewapp.domain.routing import Policy
from reviewapp.models import Category, HeldOutAnswers, RouteTally, RoutingPolicy
from reviewapp.selectors import fairness
from reviewapp.selectors.policy_fairness import policy_fairness
from reviewapp.services.policies import current_policy
from reviewapp.services.report_tallies import roll_up_reports
from tests.factories import (
    NOW,
    AdminFactory,
    CategoryFactory,
    ChampionFactory,
    DecisionFactory,
    ModeratorFactory,
    ReportFactory,
    RoutingPolicyFactory,
    SellerFactory,
)
from tests.selectors.test_calibration import audited
from tests.views.test_policy import VALID

pytestmark = pytest.mark.django_db


@pytest.fixture
def champion():
    return ChampionFactory()


@pytest.fixture
def admin(client):
    user = AdminFactory(language="en")
    client.force_login(user)
    return user


def group(champion, kind, name, *, listed, wrong, answered=400, held=100):
    """A group of which `wrong` of `answered` audits were wrong, and `held` products waited."""
    common = {
        "day": timezone.now().date() - timedelta(days=2),
        "model_version": champion,
        "policy": RoutingPolicyFactory(),
        "kind": kind,
        "group": name,
    }
    RouteTally.objects.create(
        **common, stratum=AuditStratum.NEAR, inclusion_probability=0.5, routed=listed,
        drawn=answered, answered=answered, wrong=wrong, products=listed,
        listed_in_a_day=listed,
    )  # fmt: skip
    RouteTally.objects.create(
        **common,
        stratum=AuditStratum.REVIEW,
        inclusion_probability=1.0,
        routed=held,
        products=held,
    )


def everybody(champion, **counts):
    group(champion, GroupKind.PICTURE, "present", **counts)


def broken(champion, bound=2.0):
    found = fairness.judgements(model_version=champion, bound=bound, now=timezone.now())
    return [(one.harm, one.name) for one in found if one.breaks]


def test_a_group_surely_listed_wrongly_more_often_breaks_the_bound(champion):
    everybody(champion, listed=4000, wrong=8)
    group(champion, GroupKind.LANGUAGE, "de", listed=800, wrong=60, held=20)

    assert broken(champion) == [(ERROR, "language:de")]


def test_a_group_held_back_more_often_breaks_the_bound(champion):
    everybody(champion, listed=4000, wrong=8, held=400)
    group(champion, GroupKind.SELLER, "few", listed=500, wrong=1, held=400)

    assert broken(champion) == [(WAITING, "seller:few")]
    assert broken(champion, bound=10.0) == []


def test_a_small_group_is_not_judged(champion):
    everybody(champion, listed=4000, wrong=8)
    group(champion, GroupKind.LANGUAGE, "de", listed=60, wrong=30, answered=50, held=0)

    found = fairness.judgements(model_version=champion, bound=2.0, now=timezone.now())

    small = [one for one in found if one.name == "language:de"]
    assert [one.is_judged for one in small] == [False, False]
    assert broken(champion) == []


def test_the_page_says_who_is_worse_off_and_by_how_much(client, admin, champion):
    everybody(champion, listed=4000, wrong=8)
    group(champion, GroupKind.LANGUAGE, "de", listed=800, wrong=60)
    group(champion, GroupKind.LANGUAGE, "fr", listed=3000, wrong=6)

    html = client.get("/fairness/").content.decode()

    assert "Language, German: 15.0% wrong among listed" in html
    times = re.findall(r'data-label="([^"]+)">\s*([\d.]+) times', html)
    assert ("Wrong among listed", "10.0") in times
    assert ("Listed by itself", "1.1") in times
    assert ("In the shop within a day", "1.1") in times


def test_a_group_that_has_none_at_all_is_not_shown_like_one_without_numbers(
    client, admin, champion
):
    group(champion, GroupKind.LANGUAGE, "de", listed=800, wrong=0, held=0)
    group(champion, GroupKind.LANGUAGE, "fr", listed=3000, wrong=6, held=0)

    html = client.get("/fairness/").content.decode()
    line = client.get("/fairness/figures.csv").content.decode().splitlines()[3]

    assert '<td class="num" data-label="Wrong among listed">one group has none</td>' in html
    assert '<td class="num" data-label="Listed by itself">1.0 times</td>' in html
    assert '<td class="num" data-label="Reports that were right">–</td>' in html
    assert line == "language,worst_to_best,,,inf,,,1.0,,,1.0,,,,,"


def test_the_page_says_how_much_is_missing_until_a_group_is_judged(client, admin, champion):
    everybody(champion, listed=4000, wrong=8)
    group(champion, GroupKind.LANGUAGE, "de", listed=60, wrong=3, answered=10, held=0)

    html = client.get("/fairness/").content.decode()

    assert "Language, German: 190 more answered audits, for wrong listings" in html
    assert "Language, German: 140 more products, for products held back" in html
    assert "20 more audits needed" in html


def test_reports_are_told_by_group_sellers_among_them_from_thirty_answers_on(client, admin):
    group(ChampionFactory(), GroupKind.SELLER, "few", listed=900, wrong=4)
    decision = DecisionFactory(item__status=ReviewStatus.RESOLVED, item__resolved_at=NOW)
    decision.product.seller = SellerFactory()
    decision.product.save()
    today = timezone.now()

    def answered(status, count):
        ReportFactory.create_batch(
            count, product=decision.product, case=None, reported_category=CategoryFactory(),
            status=status, decision=decision, created_at=today, resolved_at=today,
        )  # fmt: skip

    answered(ReportStatus.UPHELD, 21)
    answered(ReportStatus.DISMISSED, 8)
    roll_up_reports()
    early = client.get("/fairness/").content.decode()
    answered(ReportStatus.DISMISSED, 1)
    roll_up_reports()
    line = client.get("/fairness/figures.csv").content.decode().splitlines()[1]

    assert "1 more answered report needed" in early
    assert line.startswith("seller,few,1000,400,")
    assert ",0.7," in line


def test_the_csv_holds_every_group(client, admin, champion):
    group(champion, GroupKind.LANGUAGE, "de", listed=900, wrong=4)

    lines = client.get("/fairness/figures.csv").content.decode().splitlines()

    assert lines[1].startswith("language,de,1000,400,0.01,")
    assert ",0.9," in lines[1]
    assert lines[2].startswith("language,worst_to_best,,,")


def test_staff_reads_it_and_sellers_do_not(client):
    client.force_login(SellerFactory())
    assert client.get("/fairness/").status_code == 403
    client.force_login(ModeratorFactory())

    assert client.get("/fairness/").status_code == 200


def test_the_page_takes_a_fixed_number_of_queries(
    client, admin, champion, django_assert_max_num_queries
):
    for number in range(12):
        group(champion, GroupKind.LANGUAGE, f"l{number}", listed=900, wrong=4)

    with django_assert_max_num_queries(16):
        client.get("/fairness/")


@pytest.fixture
def answers(champion):
    """Products without a picture are right as often, but the models are less sure of them."""
    for code in (10, 20):
        CategoryFactory(code=code)
    return HeldOutAnswers.objects.create(
        model_version=champion,
        confidence=[0.97] * 1500 + [0.85] * 300,
        predicted=[10] * 1800,
        true=[10] * 1795 + [20] * 5,
        missing=[""] * 1500 + ["image"] * 300,
    )


def test_an_unfair_policy_is_not_put_into_force(client, admin, answers):
    current_policy(now=timezone.now())

    response = client.post("/policy/", VALID | {"accept_percent": "90"})

    assert response.status_code == 422
    assert RoutingPolicy.objects.count() == 1
    html = response.content.decode()
    assert "Picture, missing: 100.0% held back for a person" in html


def test_the_address_does_not_choose_what_an_unfair_policy_is_judged_by(client, admin, answers):
    current_policy(now=timezone.now())
    audited(answers.model_version, tuple(Category.objects.order_by("code")), timezone.now())

    response = client.post("/policy/?sample=live", VALID | {"accept_percent": "90"})

    assert (response.status_code, RoutingPolicy.objects.count()) == (422, 1)


def test_a_looser_bound_does_not_let_the_same_change_through(client, admin, answers):
    current_policy(now=timezone.now())
    unfair = VALID | {"accept_percent": "90", "fairness_bound": "9"}

    at_once = client.post("/policy/", unfair)
    client.post("/policy/", VALID | {"accept_percent": "80", "fairness_bound": "9"})
    declared = RoutingPolicy.objects.latest().version
    client.post("/policy/", unfair | {"based_on": declared})

    assert (at_once.status_code, declared) == (422, 2)
    assert RoutingPolicy.objects.latest().accept_at == 0.9


def test_a_fair_policy_is(client, admin, answers):
    current_policy(now=timezone.now())

    client.post("/policy/", VALID | {"accept_percent": "82"})

    assert RoutingPolicy.objects.latest().accept_at == 0.82


def test_every_group_that_the_sample_knows_is_judged_and_the_others_are_named():
    CategoryFactory(code=10)
    confidence = np.array([0.97] * 1500 + [0.85] * 300)
    codes = np.full(1800, 10)
    language = np.array(["fr"] * 1500 + ["de"] * 300)
    groups = {"language": language, "seller": np.array(["few"] * 1800)}
    sample = Sample(confidence, codes, codes, ("",) * 1800, groups)
    lenient, strict = (Policy(version=1, accept_at=at) for at in (0.7, 0.9))

    found = policy_fairness(sample=sample, current=lenient, proposed=strict, bound=2.0)

    assert [(one.harm, one.name) for one in found.broken] == [(WAITING, "language:de")]
    assert found.judged == ["language"]
    assert found.unknown == ["description"]
    assert found.alike == ["picture", "text", "family", "seller"]


def test_the_page_says_for_which_groups_it_cannot_tell_and_why(client, admin, answers):
    html = client.get("/policy/").content.decode()

    assert "Fairness is judged for: Picture" in html
    assert "It cannot be told for: Language, Seller’s products so far, Description" in html
    assert "only one group of: Text" in html


def test_what_is_unfair_already_does_not_keep_a_policy_from_becoming_fairer():
    CategoryFactory(code=10)
    confidence = np.array([0.97] * 1500 + [0.85] * 150 + [0.75] * 150)
    codes = np.full(1800, 10)
    sample = Sample(confidence, codes, codes, ("",) * 1500 + ("image",) * 300)
    strict = Policy(version=1, accept_at=0.9)

    def broken_by(now, then):
        found = policy_fairness(sample=sample, current=now, proposed=then, bound=2.0)
        return found.broken

    assert broken_by(Policy(version=1, accept_at=0.7), strict)
    assert not broken_by(strict, strict)
