"""A look ahead: what is stored of a draft, for how long, and who answers it."""

import uuid
from datetime import timedelta

import pytest

from reviewapp.choices import JobStatus
from reviewapp.domain.images import ImageRefused
from reviewapp.models import CategoryPreview, Product, ProductImage
from reviewapp.services.catalog import ingest_product
from reviewapp.services.previews import (
    claim_preview,
    fail_preview,
    finish_preview,
    forget_previews,
    request_preview,
)
from tests.factories import NOW, ChampionFactory, RoutingPolicyFactory, SellerFactory
from tests.pictures import jpeg
from tests.worker.predictors import no_answer, result

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller():
    return SellerFactory()


def ask(seller, now=NOW, **changes):
    draft = {"designation": "Théière en fonte", "description": "0,8 l"} | changes
    return request_preview(seller=seller, now=now, **draft)


def answered(seller, found=None, **changes):
    row, _is_new = ask(seller, **changes)
    claimed = claim_preview(now=NOW)
    assert claimed == row
    version = ChampionFactory()
    finish_preview(preview=claimed, result=found or result("x"), version=version, now=NOW)
    row.refresh_from_db()
    return row


def test_a_draft_waits_in_its_row_and_becomes_no_product_and_no_file(seller, settings):
    row, is_new = ask(seller, image=jpeg())

    assert is_new
    assert (row.status, row.designation) == (JobStatus.WAITING, "Théière en fonte")
    assert bytes(row.picture).startswith(b"\xff\xd8")
    assert not Product.objects.exists()
    assert not ProductImage.objects.exists()
    assert not settings.MEDIA_ROOT.exists()


def test_the_answer_names_the_route_and_the_draft_is_gone_with_it(seller):
    RoutingPolicyFactory(accept_at=0.8, audit_rate=1.0)

    row = answered(seller, result("x", confidence=0.93), image=jpeg())

    assert (row.status, row.outcome, row.reasons) == (JobStatus.DONE, "listed", [])
    assert row.top == [[10, 0.93], [20, pytest.approx(0.07)]]
    assert (row.designation, row.description, bytes(row.picture)) == ("", "", b"")


def test_a_doubtful_draft_says_why_a_moderator_would_look(seller):
    row = answered(seller, result("x", confidence=0.5))

    assert (row.outcome, row.reasons) == ("review", ["low_confidence"])


def test_models_without_an_answer_leave_an_empty_list(seller):
    row = answered(seller, no_answer("x"))

    assert (row.status, row.top, row.reasons) == (JobStatus.DONE, [], ["missing_input"])


def test_a_preview_has_the_digest_of_the_product_that_follows(seller):
    row, _ = ask(seller, image=jpeg("navy"))

    arrived = ingest_product(
        source="s",
        external_id="1",
        designation="Théière en fonte",
        description="0,8 l",
        image=jpeg("navy"),
        now=NOW,
    )

    assert row.input_digest == arrived.product.input_digest


def test_the_picture_that_a_product_has_is_looked_at_without_being_sent_again(seller):
    arrived = ingest_product(
        source="s", external_id="1", designation="x", image=jpeg("navy"), now=NOW
    )

    row, _ = ask(seller, designation="x", description="", kept_image=arrived.product.image)

    assert row.input_digest == arrived.product.input_digest
    assert bytes(row.picture).startswith(b"\xff\xd8")


def test_the_same_draft_is_answered_from_the_row_that_is_there(seller):
    row = answered(seller)

    again, is_new = ask(seller, now=NOW + timedelta(minutes=1))

    assert (again, is_new) == (row, False)
    assert ask(SellerFactory())[1]


def test_a_newer_draft_of_the_form_replaces_only_the_sellers_own(seller):
    mine, _ = ask(seller)
    anothers, _ = ask(SellerFactory())

    ask(seller, designation="Théière", replaces=mine.pk)
    ask(seller, designation="Thé", replaces=anothers.pk)

    left = set(CategoryPreview.objects.values_list("designation", "seller"))
    assert left == {
        ("Théière", seller.pk),
        ("Thé", seller.pk),
        (anothers.designation, anothers.seller_id),
    }


def test_what_is_no_picture_is_refused(seller):
    with pytest.raises(ImageRefused):
        ask(seller, image=b"<script>")

    assert not CategoryPreview.objects.exists()


def test_a_draft_whose_worker_died_is_tried_once_more_and_then_given_up(seller):
    row, _ = ask(seller)
    later = [NOW + timedelta(seconds=30 * n) for n in range(3)]

    tries = [claim_preview(now=moment) for moment in later]

    row.refresh_from_db()
    assert tries == [row, row, None]
    assert (row.status, row.designation) == (JobStatus.FAILED, "")


def test_an_answer_that_comes_too_late_changes_nothing(seller):
    ask(seller)
    slow = claim_preview(now=NOW)
    quick = claim_preview(now=NOW + timedelta(seconds=30))
    finish_preview(preview=quick, result=result("x"), version=ChampionFactory(), now=NOW)

    fail_preview(preview=slow, error="late", now=NOW)

    assert CategoryPreview.objects.get().status == JobStatus.DONE


def test_after_an_hour_nothing_is_left(seller):
    ask(seller)
    ask(seller, designation="Lampe", now=NOW + timedelta(minutes=30))

    forget_previews(now=NOW + timedelta(minutes=61))

    assert [row.designation for row in CategoryPreview.objects.all()] == ["Lampe"]
    assert ask(seller, replaces=uuid.uuid4())[1]
