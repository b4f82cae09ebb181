"""A seller looks ahead in a real browser, and says better."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from reviewapp.choices import Queue
from reviewapp.models import SellerSuggestion
from reviewapp.services import workers
from reviewapp.services.previews import claim_preview, finish_preview
from tests.e2e.axe import violations
from tests.factories import CategoryFactory, ChampionFactory, RoutingPolicyFactory, SellerFactory
from tests.pictures import jpeg
from tests.waiting import eventually
from tests.worker.predictors import result

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def answer(version, confidence):
    """What the inference worker does."""
    claimed = []
    assert eventually(lambda: claimed.append(claim_preview(now=timezone.now())) or claimed[-1], 5)
    finish_preview(
        preview=claimed[-1],
        result=result("x", confidence=confidence),
        version=version,
        now=timezone.now(),
    )


def test_a_seller_sees_where_a_draft_would_go_and_says_better(page, live_server, sign_in, faults):
    sign_in(SellerFactory(language="en"))
    RoutingPolicyFactory()
    CategoryFactory(code=10, name_en="Used books")
    CategoryFactory(code=20, name_en="Board games")
    version = ChampionFactory()
    workers.beat(name="w", queue=Queue.INFERENCE, now=timezone.now(), model_version=version)
    page.goto(f"{live_server.url}/seller/add/")

    page.get_by_label("Title").press_sequentially("Catan")
    answer(version, 0.55)
    expect(page.get_by_text("Possible: of products with such an answer about 55")).to_be_visible()
    expect(page.get_by_text("A moderator would look at it first")).to_be_visible()

    page.get_by_label("Picture", exact=True).set_input_files(
        {"name": "x.jpg", "mimeType": "image/jpeg", "buffer": jpeg()}
    )
    answer(version, 0.95)
    expect(page.get_by_text("Would be listed at once")).to_be_visible()
    assert violations(page) == []

    page.get_by_role("button", name="It is this one").nth(1).click()
    expect(page.get_by_role("combobox", name="I say it is")).to_have_value("Board games")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", name="Catan")).to_be_visible()

    word = SellerSuggestion.objects.get()
    assert (word.category.code, word.previewed_category.code) == (20, 10)
    assert faults == []
