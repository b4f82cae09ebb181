"""The design system in a real browser: accessible, responsive, and alive under the policy."""

import pytest

from tests.e2e.axe import in_each_look, violations

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

THEMES = ["light", "dark"]


@pytest.fixture(autouse=True)
def _styleguide(settings):
    settings.ROOT_URLCONF = "tests.e2e.styleguide_urls"


def open_page(page, live_server, path="/styleguide/", *, theme="light", width=1440):
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.goto(live_server.url + path)


def test_axe_finds_nothing(page, live_server, faults):
    open_page(page, live_server)

    for look in in_each_look(page):
        assert violations(page, rules=look.rules) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= look.width
    assert faults == []


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_in_open_overlays(page, live_server, theme):
    open_page(page, live_server, theme=theme)
    page.locator("details.menu summary").first.click()
    assert violations(page, ".menu[open]") == []

    page.get_by_role("combobox", name="Category").click()
    assert violations(page, ".combobox") == []

    page.keyboard.press("Escape")
    page.locator("[data-dialog=sg-keys]").click()
    assert violations(page, "dialog[open]") == []


def test_everything_to_press_is_44_pixels_high_on_a_phone(browser, live_server):
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True)
    page = context.new_page()
    page.goto(live_server.url + "/styleguide/")

    low = page.evaluate(
        """[...document.querySelectorAll("button, .btn, summary, select, .input, .suggestion")]
        .filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 44)
        .map(e => e.outerHTML.slice(0, 90))"""
    )

    context.close()
    assert low == []


def test_the_review_card_fits_one_screen(page, live_server):
    open_page(page, live_server)
    page.locator("article.review").scroll_into_view_if_needed()

    card = page.locator("article.review").bounding_box()
    panel = page.locator(".review-panel")
    actions = page.locator(".action-bar").bounding_box()

    assert card["height"] <= 900 - 9.5 * 16
    assert panel.evaluate("e => e.scrollHeight <= e.clientHeight + 1")
    assert actions["y"] + actions["height"] <= card["y"] + card["height"] + 1


def test_the_combobox_finds_by_synonym_without_accents(page, live_server):
    open_page(page, live_server)
    box = page.get_by_role("combobox", name="Category")

    box.fill("societe")
    page.keyboard.press("Enter")

    assert box.input_value() == "Board games"
    assert page.locator("select[name=category]").evaluate("e => e.value") == "1281"


def test_the_combobox_works_by_arrow_keys_and_escape_keeps_the_choice(page, live_server):
    open_page(page, live_server)
    box = page.get_by_role("combobox", name="Category")
    box.focus()

    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    chosen = box.input_value()
    page.keyboard.type("zzz")
    page.keyboard.press("Escape")

    assert chosen == "Toys for children"
    assert box.input_value() == chosen
    assert box.get_attribute("aria-expanded") == "false"


def test_the_picture_opens_large_and_escape_closes_it(page, live_server):
    open_page(page, live_server)

    page.locator("[data-zoom]").focus()
    page.keyboard.press("Enter")
    stage = page.locator("dialog[open] .zoom-stage")
    page.keyboard.press("z")
    close_up = stage.evaluate(
        "e => e.classList.contains('is-close') && e.scrollHeight > e.clientHeight"
    )
    page.keyboard.press("Escape")

    assert close_up
    assert page.locator("dialog[open]").count() == 0


def test_the_theme_changes_at_once_and_the_server_keeps_it(page, live_server):
    open_page(page, live_server)
    page.locator("details.menu summary").first.click()

    with page.expect_response(lambda answer: "/preferences/" in answer.url):
        page.locator("button[name=theme][value=dark]").click()
    at_once = page.locator("html").get_attribute("data-theme")
    page.reload()

    assert at_once == "dark"
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_the_language_changes_and_stays(page, live_server):
    open_page(page, live_server, "/login/")
    before = page.locator("html").get_attribute("lang")
    other = {"fr": "en", "en": "fr"}[before]

    page.locator("details.menu summary").first.click()
    page.locator(f"button[name=language][value={other}]").click()
    page.wait_for_url("**/login/")

    assert page.locator("html").get_attribute("lang") == other
