import pytest

from reviewapp.models import RoutingPolicy
from reviewapp.services.policies import costs, current_policy, rules, set_policy
from reviewapp.services.versions import VersionOutdated
from tests.concurrency import in_new_connection
from tests.factories import AdminFactory


@pytest.mark.django_db(transaction=True)
def test_the_first_policy_is_made_once_whoever_comes_first(now):
    policies = [in_new_connection(lambda: current_policy(now=now)) for _ in range(3)]

    assert [policy.version for policy in policies] == [1, 1, 1]
    assert RoutingPolicy.objects.get().accept_at == 0.8


@pytest.mark.django_db
def test_a_new_policy_takes_over_what_it_does_not_change(now):
    RoutingPolicy.objects.create(
        version=1, disagreement_at=0.7, review_missing_text=False, created_at=now
    )

    made = set_policy(
        changes={"accept_at": 0.9, "audit_rate": 0.1, "thresholds": {"10": 0.95}},
        based_on=1,
        author=AdminFactory(),
        note="peak",
        now=now,
    )

    assert current_policy(now=now) == made
    assert (made.version, made.accept_at, made.audit_rate) == (2, 0.9, 0.1)
    assert (made.disagreement_at, made.review_missing_text) == (0.7, False)
    assert rules(made).threshold(10, "") == 0.95


@pytest.mark.django_db
def test_a_policy_based_on_an_old_one_is_refused(now):
    current_policy(now=now)
    set_policy(changes={"accept_at": 0.9}, based_on=1, author=None, now=now)

    with pytest.raises(VersionOutdated) as refusal:
        set_policy(changes={"accept_at": 0.5}, based_on=1, author=None, now=now)

    assert refusal.value.version == 2


@pytest.mark.django_db
def test_a_number_that_no_policy_has_is_a_programmers_error(now):
    current_policy(now=now)

    with pytest.raises(ValueError, match="acept_at"):
        set_policy(changes={"acept_at": 0.5}, based_on=1, author=None, now=now)


@pytest.mark.django_db
def test_stored_costs_come_back_with_their_categories(now):
    current_policy(now=now)

    made = set_policy(
        changes={"costs": {"wrong": 2.0, "by_category": {"10": 8.0}}},
        based_on=1,
        author=None,
        now=now,
    )

    made.refresh_from_db()
    assert (costs(made).wrong_in(10), costs(made).wrong_in(20)) == (8.0, 2.0)
