from datetime import timedelta

import pytest
from django.template import Context, Template
from django.utils import timezone, translation
from django.utils.html import escape

from reviewapp.choices import ProductStatus, ReviewReason
from reviewapp.templatetags import ui


def render(source, **context):
    return Template("{% load ui %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("value", "english"),
    [
        (0.7996, "79%"),
        (0.8, "80%"),
        (0.29, "29%"),
        (0.999999, "99%"),
        (1.0, "100%"),
        (0.0, "0%"),
        (None, "–"),
    ],
)
def test_a_confidence_is_rounded_down(value, english):
    with translation.override("en"):
        assert ui.confidence_percent(value) == english


def test_a_confidence_is_written_in_the_readers_language():
    with translation.override("fr"):
        assert ui.confidence_percent(0.82) == "82\xa0%"


@pytest.mark.parametrize("value", [-0.1, 1.2, float("nan")])
def test_what_is_no_probability_is_refused(value):
    with pytest.raises(ValueError, match="between 0 and 1"):
        ui.confidence_percent(value)


def test_the_bar_has_no_inline_style_and_plain_numbers_in_french():
    with translation.override("fr"):
        html = render("{% confidence_bar 0.825 0.8 %}")

    assert "style=" not in html
    assert 'width="82.5"' in html


def test_a_confidence_below_the_threshold_says_so_in_words():
    with translation.override("en"):
        below, above = (
            render("{% confidence_bar 0.79 0.8 %}"),
            render("{% confidence_bar 0.8 0.8 %}"),
        )

    assert "below the threshold of 80%" in below
    assert "is-low" in below
    assert "reaches the threshold of 80%" in above
    assert "is-low" not in above


def test_a_missing_confidence_is_said_in_words():
    with translation.override("en"):
        assert "no answer" in render("{% confidence_bar None 0.8 %}")


@pytest.mark.parametrize("state", [*ProductStatus, *ReviewReason])
def test_each_state_and_reason_has_a_badge_of_its_own(state):
    html = render("{% state_badge state %}", state=state)

    assert str(escape(state.label)) in html
    assert "icons.svg#info" not in html


def test_a_badge_escapes_its_label():
    assert "<b>" not in render("{% state_badge 'listed' label %}", label="<b>x</b>")


def test_time_is_relative_for_a_week_and_a_date_afterwards():
    now = timezone.now()

    with translation.override("fr"):
        recent = ui.relative_time(now - timedelta(minutes=3))
        old = ui.relative_time(now - timedelta(days=30))

    assert ">il y a 3 minutes</time>" in recent
    assert "il y a" not in old
    assert "datetime=" in old
