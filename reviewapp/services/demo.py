"""The demo: accounts, products of invented sellers, and some work done by invented people.

Everything goes through the same services as in real life and carries real times; what is made
here is marked as demo.
"""

import random
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import groupby, islice

from django.contrib.auth.hashers import make_password

from reviewapp.choices import CaseStatus, ProductStatus, Role, SkipReason
from reviewapp.demo.catalogue import DemoProduct, generate, product_at
from reviewapp.demo.sellers import SELLERS
from reviewapp.demo_accounts import DEMO_PASSWORD, DEMO_USERNAMES
from reviewapp.models import Category, Product, ReportCase, ReviewItem, User
from reviewapp.services import review
from reviewapp.services.accounts import ensure_roles
from reviewapp.services.catalog import ProductDraft, draft_product, ingest_batch
from reviewapp.services.decisions.answer import decide, skip
from reviewapp.services.images import store_image
from reviewapp.services.report_cases import NotCollecting, OutOfShop, look_now
from reviewapp.services.reports import ReportRefused, submit_report

# The shop's stream of products; training uses another, so that no product is in both.
SHOP_SEED = 2
# Fewer proven people who agree would not reach the bar.
BUYERS = 3
_BATCH = 25
_MODERATOR_ERROR = 0.03
_SKIPPED = 0.05

Clock = Callable[[], datetime]


def seed_accounts() -> None:
    """Make the roles and an account for each, and one for each invented seller."""
    groups = ensure_roles()
    for role, username in DEMO_USERNAMES.items():
        user, created = User.objects.get_or_create(username=username, defaults={"is_demo": True})
        if created:
            user.password = make_password(DEMO_PASSWORD)
        user.is_staff = role == Role.ADMIN
        user.save(update_fields=["password", "is_staff"])
        user.groups.set([groups[role]])
    for seller in SELLERS:
        _seller_account(seller.key)


def demo_sellers() -> dict[str, User]:
    """Return the account behind each invented seller; the largest is the demo's `seller`."""
    usernames = {_username(seller.key): seller.key for seller in SELLERS}
    return {
        usernames[user.username]: user
        for user in User.objects.filter(username__in=usernames, is_demo=True)
    }


def seed_products(
    *, count: int, clock: Clock, on_progress: Callable[[int, int], None], start: int = 0
) -> int:
    """Let the invented sellers bring `count` products; return how many were new.

    The same stream every time, so that repeating it changes nothing.
    """
    sellers = demo_sellers()
    created = 0
    known = set(Product.objects.filter(is_demo=True).values_list("external_id", flat=True))
    # Drawing a picture takes longer than knowing that it was drawn.
    stream = (p for p in generate(count, SHOP_SEED, start) if p.external_id not in known)
    while batch := list(islice(stream, _BATCH)):
        by_seller = sorted(batch, key=lambda product: product.seller)
        for key, products in groupby(by_seller, key=lambda product: product.seller):
            outcomes = ingest_batch(
                source=key,
                drafts=[_draft(product) for product in products],
                seller=sellers[key],
                now=clock(),
                is_demo=True,
            )
            created += sum(outcome.outcome == "created" for outcome in outcomes)
        on_progress(batch[-1].index + 1 - start, count)
    return created


def moderate(*, moderator: User, count: int, clock: Clock, seed: int) -> int:
    """Let an invented moderator, wrong in 3 % of cases, answer up to `count` items; return how many.

    Only demo products are touched: what a visitor brings waits for a person. One of which nobody
    knows the truth is skipped, never guessed.
    """
    chance = random.Random(seed)  # noqa: S311  # a play, not a secret
    codes = list(Category.objects.filter(is_active=True).values_list("code", flat=True))
    for answered in range(count):
        item_id = review.claim_next(moderator=moderator, now=clock(), only_demo=True)
        if item_id is None:
            return answered
        product = ReviewItem.objects.select_related("product").get(pk=item_id).product
        # Not drawn from `seed`: a second play with the same seed gives new answers.
        key = uuid.uuid4()
        code = true_code(product)
        if code is None or chance.random() < _SKIPPED:
            skip(
                item_id=item_id,
                moderator=moderator,
                reason=SkipReason.UNCLEAR,
                client_key=key,
                now=clock(),
            )
            continue
        if chance.random() < _MODERATOR_ERROR:
            code = chance.choice(codes)
        decide(
            item_id=item_id,
            moderator=moderator,
            category=Category.objects.get(code=code),
            client_key=key,
            now=clock(),
        )
    return count


def report_wrong_ones(*, buyer: User, count: int, clock: Clock) -> int:
    """Let an invented buyer find up to `count` products in the wrong aisle; return how many."""
    filed = 0
    unreported = Product.objects.filter(is_demo=True, status=ProductStatus.LISTED).exclude(
        reports__reporter=buyer
    )
    newest_first = unreported.select_related("category").order_by("-listed_at", "-pk")
    for product in newest_first.iterator():
        if filed == count:
            break
        code = true_code(product)
        if code is None or product.category is None or product.category.code == code:
            continue
        try:
            submit_report(
                product=product,
                reporter=buyer,
                suggested_category=Category.objects.filter(code=code).first(),
                comment="",
                now=clock(),
            )
        except ReportRefused:
            continue  # a moderator was faster
        filed += 1
    return filed


def look_at_reports(*, clock: Clock) -> int:
    """Let an invented admin have the demo's collecting cases looked at; return how many.

    A new marketplace has no proven reporters; this is how its first ones come to a record.
    """
    cases = ReportCase.objects.filter(status=CaseStatus.COLLECTING, product__is_demo=True)
    ids = list(cases.values_list("pk", flat=True))
    return sum(_was_sent(case_id, clock()) for case_id in ids)


def _was_sent(case_id: int, now: datetime) -> bool:
    try:
        look_now(case_id=case_id, now=now)
    except (NotCollecting, OutOfShop):
        return False  # decided, reported to the bar or edited meanwhile
    return True


def true_code(product: Product) -> int | None:
    """Return what the inventor of a demo product knows it is; None for other products."""
    kind, _dash, rest = product.external_id.partition("-")
    seed, _dash, index = rest.partition("-")
    if kind != "demo" or not product.is_demo or not (seed.isdigit() and index.isdigit()):
        return None
    return product_at(int(index), int(seed)).true_code


def _draft(product: DemoProduct) -> ProductDraft:
    draft = draft_product(
        external_id=product.external_id,
        designation=product.designation,
        description=product.description,
        given_code=product.labelled_code,
        language=product.language,
    )
    picture = product.image()
    return draft if picture is None else draft.with_image(store_image(data=picture))


def _username(seller_key: str) -> str:
    return DEMO_USERNAMES[Role.SELLER] if seller_key == SELLERS[0].key else seller_key


def _seller_account(key: str) -> None:
    user, created = User.objects.get_or_create(username=_username(key), defaults={"is_demo": True})
    if created:
        user.set_unusable_password()
        user.save(update_fields=["password"])
        user.groups.set([ensure_roles()[Role.SELLER]])


def actors(*, role: Role, count: int) -> Iterator[User]:
    """Yield `count` invented people of a role, made as needed.

    Never the demo account itself: a visitor may be using it, and must not have cards answered
    or products reported in his or her name.
    """
    group = ensure_roles()[role]
    for number in range(2, count + 2):
        name = f"{DEMO_USERNAMES[role]}-{number}"
        user, created = User.objects.get_or_create(username=name, defaults={"is_demo": True})
        if created:
            user.set_unusable_password()
            user.save(update_fields=["password"])
            user.groups.set([group])
        yield user
