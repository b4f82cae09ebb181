import pytest
from django.core.management import CommandError, call_command

from reviewapp.choices import Role
from reviewapp.demo_accounts import DEMO_USERNAMES
from reviewapp.management.commands import simulate
from reviewapp.models import Decision, Product, ReviewItem
from reviewapp.services import demo, predictions
from tests.factories import CategoryFactory, ChampionFactory, RoutingPolicyFactory
from tests.worker.predictors import result
from worker.tasks import classify

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch):
    monkeypatch.setattr(classify.drain, "apply_async", lambda **_: None)


@pytest.fixture
def demo_site(settings):
    settings.DEMO = True
    demo.seed_accounts()


def test_new_products_of_invented_sellers_come_in(demo_site, capsys):
    call_command("simulate", "--minutes", "0.03", "--rate", "120", "--seed", "1")
    first = set(Product.objects.values_list("external_id", flat=True))
    call_command("simulate", "--minutes", "0.03", "--rate", "120", "--seed", "1")

    products = Product.objects.all()
    assert (len(first), len(products)) == (3, 6)
    assert all(product.is_demo and product.seller_id for product in products)
    assert "arrived" in capsys.readouterr().out


def test_invented_moderators_decide(demo_site, now, monkeypatch):
    monkeypatch.setattr(simulate, "_DECISION_SECONDS", simulate._TICK_SECONDS)
    CategoryFactory(code=10)
    CategoryFactory(code=20)
    RoutingPolicyFactory(audit_rate=0.0)
    model = ChampionFactory()
    demo.seed_products(count=3, clock=lambda: now, on_progress=lambda *_: None)
    claims = predictions.claim_requests(limit=3, now=now)
    doubts = {claim.key: result(claim.key, confidence=0.4) for claim in claims}
    predictions.record_results(claims=claims, results=doubts, version=model, now=now)
    for code in {demo.true_code(item.product) for item in ReviewItem.objects.all()}:
        CategoryFactory(code=code)

    call_command("simulate", "--minutes", "0.05", "--rate", "0", "--moderators", "2", "--seed", "1")

    names = set(Decision.objects.values_list("moderator__username", flat=True))
    assert Decision.objects.count() >= 3
    demo_account = DEMO_USERNAMES[Role.MODERATOR]
    assert names <= {f"{demo_account}-2", f"{demo_account}-3"}


def test_only_a_demo_with_its_sellers_is_played(settings):
    settings.DEMO = False
    with pytest.raises(CommandError, match="BONRAYON_DEMO"):
        call_command("simulate")

    settings.DEMO = True
    with pytest.raises(CommandError, match="seed_demo"):
        call_command("simulate")
