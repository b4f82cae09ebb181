import pytest
from django.contrib import admin

from reviewapp.admin import LookOnly
from tests.factories import DecisionFactory, ReportFactory, UserFactory

pytestmark = pytest.mark.django_db
LOOK_ONLY = [m for m, page in admin.site._registry.items() if isinstance(page, LookOnly)]


@pytest.fixture
def root(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


def test_every_append_only_table_is_look_only():
    names = {model.__name__ for model in LOOK_ONLY}

    assert {"Decision", "FeedbackLabel", "Prediction", "Route", "RoutingPolicy"} <= names


@pytest.mark.parametrize("model", LOOK_ONLY, ids=lambda model: model.__name__)
def test_even_a_superuser_only_looks(root, model):
    name = f"/admin/reviewapp/{model._meta.model_name}/"

    assert root.get(name).status_code == 200
    assert root.get(f"{name}add/").status_code == 403


def test_a_decision_cannot_be_edited(root):
    decision = DecisionFactory()

    answer = root.post(f"/admin/reviewapp/decision/{decision.pk}/change/", {"verdict": "corrected"})

    assert answer.status_code == 403
    decision.refresh_from_db()
    assert decision.verdict == "confirmed"


def test_not_even_a_superuser_reads_who_has_reported(root):
    report = ReportFactory(
        reporter__username="quiet-reporter", comment="Not a book", network="a1b2c3"
    )

    page = root.get(f"/admin/reviewapp/misclassificationreport/{report.pk}/change/")

    text = page.content.decode()
    assert "Not a book" in text
    assert "quiet-reporter" not in text
    assert "a1b2c3" not in text


@pytest.mark.parametrize(
    "address",
    [
        "misclassificationreport/?reporter={report.reporter_id}",
        "misclassificationreport/?reporter__username=quiet",
        "misclassificationreport/?network__startswith=a",
        "product/?reports__reporter={report.reporter_id}",
    ],
)
def test_addresses_do_not_tell_either_who_has_reported(root, address):
    report = ReportFactory(network="a1b2c3", reporter__username="quiet")

    answer = root.get("/admin/reviewapp/" + address.format(report=report))

    assert answer.status_code == 400


def test_accounts_can_be_managed(root):
    person = UserFactory()

    answer = root.get(f"/admin/reviewapp/user/{person.pk}/change/")

    assert answer.status_code == 200


def test_the_admin_has_no_log_in_of_its_own(client):
    asked = client.get("/admin/reviewapp/user/", follow=True)
    posted = client.post("/admin/login/", {"username": "root", "password": "guess"})

    assert asked.redirect_chain[-1][0] == "/login/?next=/admin/reviewapp/user/"
    assert posted.status_code == 302
    assert posted.url.startswith("/login/")


def test_staff_reach_the_admin_through_the_log_in(client):
    person = UserFactory(is_staff=True, is_superuser=True)
    person.set_password("a good one")
    person.save()
    address = client.get("/admin/", follow=True).redirect_chain[-1][0]

    page = client.post(
        address,
        {"username": person.username, "password": "a good one", "next": "/admin/"},
        follow=True,
    )

    assert page.redirect_chain == [("/admin/", 302)]
    assert page.status_code == 200


def test_who_is_not_staff_is_told_so_instead_of_sent_in_circles(client):
    client.force_login(UserFactory(is_staff=False))

    assert client.get("/admin/", follow=True).status_code == 403
