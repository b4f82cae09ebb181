"""The report button in a page of another site, under that site's own strict content policy."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from reviewapp.models import MisclassificationReport
from reviewapp.services.embedding import add_origin, product_token
from reviewapp.services.report_policies import current_report_policy, set_report_policy
from reviewapp.views.embedding import SCRIPT
from tests.e2e.axe import violations
from tests.factories import AdminFactory, CategoryFactory, ListedProductFactory

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


class ShopPage(BaseHTTPRequestHandler):
    """A shop's page that allows scripts and connections to one other site and nothing else."""

    def do_GET(self):  # the base class names it so
        ours = self.server.ours
        page = (
            '<!doctype html><html lang="en"><title>Shop</title><main><h1>Teddy bear</h1>'
            f'<script src="{ours}/embed/report.js" defer></script>'
            f'<wrong-category-report token="{self.server.token}"></wrong-category-report></main>'
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        policy = f"default-src 'none'; script-src {ours}; connect-src {ours}"
        self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *args):
        """Stay quiet."""


@pytest.fixture
def shop(live_server):
    """Serve the shop's page at an origin of its own."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), ShopPage)
    server.ours = live_server.url
    server.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def bear(shop):
    CategoryFactory(code=1280, name_en="Toys")
    product = ListedProductFactory()
    shop.token = product_token(product)
    return product


def allow(shop, *, anonymous):
    admin, now = AdminFactory(), timezone.now()
    add_origin(address=shop.address, admin=admin, now=now)
    based_on = current_report_policy(now=now).version
    set_report_policy(
        numbers={"allow_anonymous": anonymous}, based_on=based_on, author=admin, now=now
    )


def report(page):
    page.get_by_role("button", name="Report a wrong category").click()
    expect(page.get_by_text("Thank you! Your report has been passed on.")).to_be_visible()


def show_next(page, product):
    page.locator("wrong-category-report").evaluate(
        "(element, token) => element.setAttribute('token', token)", product_token(product)
    )


def test_one_click_on_another_sites_page_is_a_report(page, shop, bear, faults):
    allow(shop, anonymous=True)
    page.goto(shop.address)

    page.get_by_role("button", name="Report a wrong category").click()

    expect(page.get_by_text("Thank you! Your report has been passed on.")).to_be_focused()
    report = MisclassificationReport.objects.get()
    assert (report.product, report.suggested_category, report.comment) == (bear, None, "")
    expect(page.get_by_label("The right category")).to_be_visible()
    assert violations(page) == []
    assert faults == []


def test_another_token_is_another_product_with_its_own_button(page, shop, bear):
    allow(shop, anonymous=True)
    other = ListedProductFactory()
    page.goto(shop.address)
    report(page)

    show_next(page, other)
    report(page)

    reported = MisclassificationReport.objects.values_list("product", flat=True)
    assert set(reported) == {bear.pk, other.pk}


def test_what_comes_late_for_the_last_product_stays_off_the_next(page, shop, bear):
    allow(shop, anonymous=True)
    other = ListedProductFactory()
    held = []
    page.route("**/api/v1/embed/options*", lambda route: held.append(route), times=1)
    page.goto(shop.address)
    report(page)

    show_next(page, other)
    with page.expect_response("**/api/v1/embed/options*"):
        held[0].continue_()
    expect(page.get_by_label("The right category")).to_be_hidden()
    report(page)

    reported = MisclassificationReport.objects.values_list("product", flat=True)
    assert set(reported) == {bear.pk, other.pk}


def test_more_is_added_by_keyboard_to_the_same_report(page, shop, bear, faults):
    allow(shop, anonymous=True)
    page.goto(shop.address)

    page.get_by_role("button", name="Report a wrong category").press("Enter")
    expect(page.get_by_label("The right category")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.type("Toys")
    page.keyboard.press("Tab")
    page.keyboard.type("Not a book")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_text("It is added to your report.")).to_be_focused()
    report = MisclassificationReport.objects.get()
    assert (report.product, report.comment) == (bear, "Not a book")
    assert report.suggested_category.code == 1280
    assert page.context.cookies() == []
    assert faults == []


def test_it_can_be_read_on_a_dark_page_that_names_no_colour_scheme(page, shop, bear):
    allow(shop, anonymous=True)
    page.goto(shop.address)
    page.evaluate(
        "Object.assign(document.body.style, {background: 'rgb(22, 32, 42)', color: 'rgb(244, 244, 244)'})"
    )
    assert violations(page) == []

    report(page)

    expect(page.get_by_label("The right category")).to_be_visible()
    assert violations(page) == []


def test_a_page_that_names_the_script_twice_shows_one_button(page, shop, bear, live_server):
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(shop.address)

    page.evaluate(
        """address => new Promise(done => document.head.append(Object.assign(
            document.createElement("script"), {src: address, onload: done})))""",
        f"{live_server.url}/embed/report.js",
    )

    expect(page.get_by_role("button", name="Report a wrong category")).to_have_count(1)
    assert faults == []


def test_a_double_click_is_one_report_and_one_form(page, shop, bear):
    allow(shop, anonymous=True)
    page.goto(shop.address)

    page.get_by_role("button", name="Report a wrong category").dblclick()
    expect(page.get_by_label("The right category")).to_be_visible()
    page.wait_for_load_state("networkidle")

    expect(page.locator("wrong-category-report form")).to_have_count(1)
    assert MisclassificationReport.objects.count() == 1


def test_a_refusal_is_in_the_language_of_the_button_and_can_be_mended(browser, shop, bear):
    allow(shop, anonymous=True)
    context = browser.new_context(locale="fr-FR")
    page = context.new_page()
    page.goto(shop.address)
    page.get_by_role("button", name="Report a wrong category").click()
    page.get_by_label("The right category").select_option(str(bear.category.code))

    page.get_by_role("button", name="Add").click()

    expect(page.get_by_text("The product is already in this category")).to_be_visible()
    expect(page.get_by_role("button", name="Add")).to_be_enabled()
    page.get_by_role("button", name="Close").click()
    expect(page.locator("wrong-category-report form")).to_have_count(0)
    context.close()


def test_without_the_switch_it_leads_to_the_marketplace(page, shop, bear, live_server):
    allow(shop, anonymous=False)
    page.goto(shop.address)

    page.get_by_role("button", name="Report a wrong category").click()

    assert not MisclassificationReport.objects.exists()
    link = page.get_by_role("link", name="Report at the marketplace")
    expect(link).to_have_attribute("href", f"{live_server.url}/product/{bear.pk}/")


def test_a_site_that_was_not_allowed_gets_nothing(page, shop, bear):
    page.goto(shop.address)

    page.get_by_role("button", name="Report a wrong category").click()

    expect(page.get_by_text("The report could not be sent.")).to_be_visible()
    assert not MisclassificationReport.objects.exists()


def test_an_admin_adds_and_removes_a_site(page, live_server, sign_in, faults):
    sign_in(AdminFactory(language="en"))
    page.goto(f"{live_server.url}/rings/sites/")

    page.get_by_label("Address of the site").fill("https://Shop.example/start")
    page.get_by_role("button", name="Add the site").click()
    expect(page.get_by_role("rowheader", name="https://shop.example")).to_be_visible()
    expect(page.get_by_text('lang="en"')).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Remove https://shop.example").click()

    expect(page.get_by_text("No other site may show")).to_be_visible()
    assert faults == []


def test_the_script_stays_small():
    assert SCRIPT.stat().st_size < 10_000
