from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from reviewapp.choices import CaseStatus, ReviewReason, ReviewStatus, Role, Verdict
from reviewapp.demo.catalogue import product_at
from reviewapp.models import (
    Category,
    ClassificationRequest,
    Decision,
    FeedbackLabel,
    Product,
    ProductImage,
    ReportCase,
    User,
)
from reviewapp.services import demo, review
from reviewapp.services.listing import list_product
from tests.conftest import NOW
from tests.factories import ProductFactory, ReviewItemFactory

pytestmark = pytest.mark.django_db
COUNT = 12


def clock():
    return NOW


def quiet(done, total):
    pass


@pytest.fixture
def shop(settings):
    settings.DEMO = True
    call_command("seed_demo", accounts=True)
    demo.seed_products(count=COUNT, clock=clock, on_progress=quiet)


def test_the_demo_has_an_account_for_every_role(shop, client):
    for role in Role:
        assert client.login(username=role.value, password=demo.DEMO_PASSWORD)
        assert User.objects.get(username=role.value).groups.get().name == role.value


def test_products_arrive_with_pictures_and_wait_for_a_worker(shop):
    assert Product.objects.filter(is_demo=True).count() == COUNT
    assert ClassificationRequest.objects.count() == COUNT
    assert ProductImage.objects.exists()
    assert Category.objects.count() == 27


def test_seeding_again_changes_nothing(shop):
    call_command("seed_demo", accounts=True)

    assert demo.seed_products(count=COUNT, clock=clock, on_progress=quiet) == 0
    assert ClassificationRequest.objects.count() == COUNT


def test_outside_the_demo_nothing_is_seeded(settings):
    settings.DEMO = False

    with pytest.raises(CommandError, match="BONRAYON_DEMO"):
        call_command("seed_demo")
    assert not User.objects.exists()


def test_the_inventor_knows_what_a_product_is(shop):
    product = Product.objects.get(external_id=product_at(3, demo.SHOP_SEED).external_id)

    assert demo.true_code(product) == product_at(3, demo.SHOP_SEED).true_code
    assert demo.true_code(ProductFactory(external_id="demo-x-1", is_demo=True)) is None
    assert demo.true_code(ProductFactory(external_id="demo-2-000001")) is None


def test_an_invented_moderator_works_through_the_queue(shop):
    for product in Product.objects.all():
        review.open_item(
            product=product, reasons=[ReviewReason.LOW_CONFIDENCE], priority=0.5, now=NOW
        )
    (moderator,) = demo.actors(role=Role.MODERATOR, count=1)

    answered = demo.moderate(moderator=moderator, count=100, clock=clock, seed=5)

    assert answered == COUNT
    assert Decision.objects.count() == COUNT
    labels = FeedbackLabel.objects.select_related("product", "category")
    right = [label.category.code == demo.true_code(label.product) for label in labels]
    assert sum(right) >= len(right) - 2


def test_invented_people_are_never_the_accounts_that_visitors_use(shop):
    for role in (Role.MODERATOR, Role.BUYER):
        names = [user.username for user in demo.actors(role=role, count=2)]

        assert names == [f"{role.value}-2", f"{role.value}-3"]


def test_a_visitors_product_is_left_to_people(shop):
    (moderator,) = demo.actors(role=Role.MODERATOR, count=1)
    item = ReviewItemFactory(priority=9.0)

    assert demo.moderate(moderator=moderator, count=5, clock=clock, seed=5) == 0

    item.refresh_from_db()
    assert item.status == ReviewStatus.PENDING
    assert item.first_seen_at is None
    held = ReviewItemFactory(
        status=ReviewStatus.CLAIMED, claimed_by=moderator, claim_expires_at=NOW + timedelta(hours=1)
    )
    assert demo.moderate(moderator=moderator, count=5, clock=clock, seed=5) == 0
    assert not Decision.objects.exists()
    held.refresh_from_db()
    assert held.status == ReviewStatus.CLAIMED


def test_a_demo_product_of_unknown_truth_is_skipped_not_guessed(shop):
    (moderator,) = demo.actors(role=Role.MODERATOR, count=1)
    ReviewItemFactory(product__is_demo=True, product__external_id="made-by-hand")

    # None of these seeds may lead to a label.
    for seed in range(5):
        demo.moderate(moderator=moderator, count=1, clock=clock, seed=seed)

    assert Decision.objects.get().verdict == Verdict.SKIPPED
    assert not FeedbackLabel.objects.exists()


def test_playing_the_same_seed_twice_answers_twice(shop):
    (moderator,) = demo.actors(role=Role.MODERATOR, count=1)
    for product in Product.objects.all():
        review.open_item(
            product=product, reasons=[ReviewReason.LOW_CONFIDENCE], priority=0.5, now=NOW
        )

    for _play in range(2):
        assert demo.moderate(moderator=moderator, count=4, clock=clock, seed=5) == 4

    assert Decision.objects.count() == 8


def test_an_invented_buyer_reports_only_what_is_wrong(shop):
    buyer, other_category = next(demo.actors(role=Role.BUYER, count=1)), Category.objects.first()
    for product in Product.objects.all():
        list_product(product=product, category=other_category, now=NOW)

    demo.report_wrong_ones(buyer=buyer, count=3, clock=clock)

    assert buyer.reports.count() == 3
    for report in buyer.reports.select_related("product", "suggested_category"):
        assert report.suggested_category.code == demo.true_code(report.product)


def test_invented_buyers_come_to_a_record_and_are_heard(shop):
    other_category = Category.objects.first()
    products = list(Product.objects.order_by("pk"))
    for product in products:
        list_product(product=product, category=other_category, now=NOW)
    buyers = list(demo.actors(role=Role.BUYER, count=demo.BUYERS))
    (moderator,) = demo.actors(role=Role.MODERATOR, count=1)
    for buyer in buyers:
        demo.report_wrong_ones(buyer=buyer, count=8, clock=clock)

    looked_at = demo.look_at_reports(clock=clock)
    demo.moderate(moderator=moderator, count=looked_at, clock=clock, seed=3)
    for buyer in buyers:
        demo.report_wrong_ones(buyer=buyer, count=1, clock=clock)

    assert looked_at == 8
    assert ReportCase.objects.filter(status=CaseStatus.IN_REVIEW, is_by_lot=False).exists()
    assert ReportCase.objects.exclude(status=CaseStatus.CLOSED).latest("pk").score > 1
