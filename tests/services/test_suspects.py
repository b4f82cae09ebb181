"""Suspect labels, from the search to the yield."""

from datetime import timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from reviewapp.choices import JobStatus, ProductStatus, ReviewReason, ReviewStatus, SuspectSignal
from reviewapp.models import (
    Category,
    FeedbackLabel,
    ModeratorAlarm,
    Product,
    ReviewItem,
    SuspectLabel,
    SuspectSearch,
)
from reviewapp.selectors.suspects import labelled_products, openable, outcomes, suspects_of
from reviewapp.services import suspects
from reviewapp.services.decisions import decide
from reviewapp.services.review import claim_next
from tests.factories import (
    CategoryFactory,
    ChampionFactory,
    ListedProductFactory,
    ModeratorFactory,
)
from tests.guidance_world import placed
from tests.labels import label, relabel
from tests.training_world import WORDS
from worker.tasks.suspects import TOO_FEW, run_search

# The keeper of the lease has a connection of its own.
pytestmark = pytest.mark.django_db(transaction=True)


def labelled(now, *, wrong=1280, count=32, moderator=None):
    """Products of four categories labelled by people; the first novel got the code `wrong`."""
    for index in range(count):
        code = list(WORDS)[index % len(WORDS)]
        product = ListedProductFactory(
            designation=f"{WORDS[code]} numéro {index}",
            category=CategoryFactory(code=code),
            group_key=index,
        )
        label(
            now,
            code=wrong if index == 0 else code,
            product=product,
            input_digest=product.input_digest,
            moderator=moderator,
        )


def searched(now):
    search = suspects.request_search(user=None, now=now)
    run_search(search.pk)
    search.refresh_from_db()
    return search


def answer(item_id, moderator, now, code):
    return decide(
        item_id=item_id,
        moderator=moderator,
        category=Category.objects.get(code=code),
        client_key=uuid4(),
        now=now,
    )


def first(search):
    return SuspectLabel.objects.get(search=search, place=1)


def test_the_wrong_label_comes_first_and_the_arithmetic_with_it(now):
    labelled(now)

    search = searched(now)

    assert (search.status, search.judged, search.rows_total) == (JobStatus.DONE, 32, 32)
    suspect = first(search)
    assert (suspect.given.code, suspect.suggested.code) == (1280, 10)
    assert suspect.p_given < suspect.p_suggested
    assert suspect.label.product_id == suspect.product_id


def test_a_catalogue_code_against_its_near_duplicates_is_suspected(now):
    labelled(now, wrong=10)
    twins = [
        ListedProductFactory(
            designation="roman livre relié",
            group_key=500,
            given_code=code,
            category=None,
            status=ProductStatus.IN_REVIEW,
        )
        for code in (10, 10, 2583)
    ]

    search = searched(now)

    suspect = first(search)
    assert (suspect.product, suspect.label) == (twins[2], None)
    assert SuspectSignal.NEAR_DUPLICATES in suspect.signals
    assert (suspect.duplicates, suspect.given_votes, suspect.suggested_votes) == (2, 0, 2)


def test_vectors_of_the_model_in_service_are_looked_at_beside_the_words(now):
    labelled(now)
    champion = ChampionFactory()
    for place, product in enumerate(Product.objects.order_by("id")):
        placed(product, champion, degrees=20.0 * (place % 4))

    search = searched(now)

    assert (search.status, search.error) == (JobStatus.DONE, "")
    assert search.model_version == champion
    assert first(search).given.code == 1280


def alarm(moderator, raised_at, **values):
    return ModeratorAlarm.objects.create(
        moderator=moderator,
        evidence=25,
        record={},
        watched_since=raised_at - timedelta(days=60),
        raised_at=raised_at,
        **values,
    )


def test_labels_of_somebody_with_an_open_alarm_are_known_to_the_search(now):
    careful, drifting, closed = (ModeratorFactory() for _ in range(3))
    alarm(drifting, now + timedelta(days=20))
    alarm(closed, now, closed_at=now, closed_by=careful)
    for moderator in (careful, drifting, closed):
        labelled(now, count=1, moderator=moderator)
    early = label(now, moderator=drifting, created_at=now - timedelta(days=11))
    late = FeedbackLabel.objects.exclude(pk=early.pk).get(moderator=drifting)

    rows = labelled_products()

    assert {row.label_id for row in rows if row.by_drifting} == {late.pk}
    assert len(rows) == 4


def test_a_search_doubts_what_somebody_who_drifts_has_said(now):
    moderator = ModeratorFactory()
    alarm(moderator, now)
    labelled(now, moderator=moderator)

    search = searched(now)

    assert SuspectSignal.MODERATOR_DRIFT in first(search).signals


def test_opening_asks_somebody_else_and_leaves_listing_and_label(now):
    labelled(now)
    search = searched(now)
    colleague = ModeratorFactory()
    author = first(search).label.moderator

    number = suspects.open_suspects(search_id=search.pk, most=1, now=now)

    suspect = first(search)
    item = suspect.item
    assert number == 1
    assert item.reasons == [ReviewReason.SUSPECT_LABEL]
    assert item.priority == suspect.doubt
    assert (item.not_for, suspect.product.status) == (author, ProductStatus.LISTED)
    assert suspect.label.ended_at is None
    assert claim_next(moderator=author, now=now) is None
    assert claim_next(moderator=colleague, now=now) == item.pk


def test_the_author_is_asked_when_nobody_else_is_there(now):
    only = ModeratorFactory()
    labelled(now, moderator=only)
    search = searched(now)

    suspects.open_suspects(search_id=search.pk, most=1, now=now)

    assert claim_next(moderator=only, now=now) == first(search).item_id


def test_what_has_changed_since_or_is_in_review_is_left_out(now):
    labelled(now)
    search = searched(now)
    suspect = first(search)
    before = openable(search).count()
    relabel(suspect.label, now, 10)

    number = suspects.open_suspects(search_id=search.pk, most=500, now=now)

    assert number == before - 1
    assert (
        not ReviewItem.objects.filter(product=suspect.product)
        .exclude(status=ReviewStatus.RESOLVED)
        .exists()
    )
    assert suspects.open_suspects(search_id=search.pk, most=500, now=now) == 0


def test_the_yield_counts_what_people_answered(now):
    labelled(now)
    search = searched(now)
    moderator = ModeratorFactory()
    suspects.open_suspects(search_id=search.pk, most=1, now=now)
    item_id = claim_next(moderator=moderator, now=now)

    answer(item_id, moderator, now, code=10)

    outcome = outcomes([search.pk])[search.pk]
    assert (outcome.opened, outcome.confirmed, outcome.cleared) == (1, 1, 0)
    assert outcome.confirmed_share is None
    assert suspects_of(search, after=0, size=1)[0].became == "confirmed"


def test_who_was_cleared_is_not_suspected_again(now):
    labelled(now)
    search = searched(now)
    moderator = ModeratorFactory()
    suspects.open_suspects(search_id=search.pk, most=1, now=now)
    answer(claim_next(moderator=moderator, now=now), moderator, now, code=1280)
    product = first(search).product

    again = searched(now)

    assert outcomes([search.pk])[search.pk].cleared == 1
    assert FeedbackLabel.objects.get(product=product, ended_at=None).category.code == 1280
    assert not again.suspects.filter(product=product).exists()


def test_a_search_under_way_is_not_begun_twice_and_run_once(now):
    labelled(now)

    one, two = (suspects.request_search(user=None, now=now) for _ in range(2))
    hold = suspects.claim_search(search_id=one.pk, now=timezone.now())
    run_search(one.pk)

    assert one == two
    assert hold is not None
    assert SuspectSearch.objects.get().status == JobStatus.RUNNING
    assert not SuspectLabel.objects.exists()


def test_too_few_labels_are_said_to_be_too_few(now):
    labelled(now, count=3)

    search = searched(now)

    assert (search.status, search.error) == (JobStatus.FAILED, TOO_FEW)


def test_the_command_searches_and_opens(now):
    labelled(now)
    out = StringIO()

    call_command("find_suspect_labels", "--open=1", stdout=out)

    assert "1 opened for review" in out.getvalue()
    with pytest.raises(CommandError):
        call_command("find_suspect_labels", "--open=501")
    assert Product.objects.filter(status=ProductStatus.LISTED).count() == 32
