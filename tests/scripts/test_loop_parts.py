from xml.etree import ElementTree

import numpy as np
import pytest

from scripts.loop_chart import Panel, chart, nice_ticks
from scripts.loop_parts import (
    Order,
    Said,
    draw_views,
    measure,
    moderated,
    next_batch,
    t_interval,
    urgency,
)

LABELS = np.array([10, 40, 60, 2280])
# Sure; torn between two; unsure of everything; without any input.
PROBA = np.array(
    [[0.97, 0.01, 0.01, 0.01], [0.5, 0.48, 0.01, 0.01], [0.1, 0.1, 0.45, 0.35], [0.25] * 4]
)
SAID = Said.of(np.log(PROBA), np.array([True, True, True, False]), LABELS.tolist())
EVERYONE = np.arange(4)


def order_of(order, views, lot=(0.0, 0.0, 0.0, 0.0)):
    urgent = urgency(order, SAID, np.array(views, dtype=float), np.array(lot))
    return next_batch(urgent, EVERYONE, 4).tolist()


def test_margin_asks_first_where_two_categories_are_nearly_tied():
    assert order_of(Order.MARGIN, [10] * 4) == [3, 1, 2, 0]


def test_value_weighs_doubt_by_views():
    as_usual = order_of(Order.VALUE, [10, 10, 10, 10])
    much_seen = order_of(Order.VALUE, [10_000, 10, 10, 10])

    assert as_usual == [3, 2, 1, 0]
    assert much_seen == [0, 3, 2, 1]


def test_random_follows_the_lot_whatever_the_model_says():
    assert order_of(Order.RANDOM, [10_000, 1, 1, 1], lot=(0.1, 0.4, 0.2, 0.3)) == [1, 3, 2, 0]


def test_a_batch_takes_only_waiting_products():
    batch = next_batch(np.array([0.9, 0.8, 0.7, 0.6]), np.array([1, 2, 3]), 2)

    assert batch.tolist() == [1, 2]


def test_the_moderator_errs_as_often_as_asked_and_into_every_other_category():
    codes = np.repeat(LABELS, 25_000)

    answers = moderated(codes, LABELS, 0.03, np.random.default_rng(7))

    wrong = answers != codes
    # Four standard errors of a rate of 3 % in 100,000 answers.
    assert wrong.mean() == pytest.approx(0.03, abs=0.0022)
    counts = [np.sum(answers[wrong & (codes == 10)] == code) for code in (40, 60, 2280)]
    assert min(counts) > 0.8 * max(counts)


def test_one_seed_gives_the_same_moderator_and_the_same_views():
    first, second = (np.random.default_rng(3) for _ in range(2))
    codes = np.repeat(LABELS, 50)

    assert np.array_equal(
        moderated(codes, LABELS, 0.03, first), moderated(codes, LABELS, 0.03, second)
    )
    assert np.array_equal(draw_views(9, first), draw_views(9, second))


def test_a_model_is_measured_where_it_is_sure_and_where_it_is_not():
    point = measure(40, SAID, np.array([10, 40, 60, 10]), 0.75)

    assert (point.labels, point.views_right) == (40, 0.75)
    assert (point.accuracy, point.coverage, point.covered_accuracy) == (0.75, 0.25, 1.0)
    assert point.certified_5 == 0.0


def test_an_interval_over_three_seeds_is_as_wide_as_students():
    mean, low, high = t_interval([1.0, 2.0, 3.0])

    # 4.303 standard errors of 1 / sqrt(3) each
    assert (mean, low, high) == pytest.approx((2.0, -0.484, 4.484), abs=0.001)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.0, 0.0, [0.0, 0.02]),
        (0.02, 0.93, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0.5, 0.9, [0.5, 0.6, 0.7, 0.8, 0.9]),
    ],
)
def test_ticks_are_round_and_enclose_the_values(low, high, ticks):
    assert nice_ticks(low, high) == pytest.approx(ticks)


def test_the_chart_is_well_formed_and_names_every_series():
    runs = [[0.5, 0.7], [0.6, 0.8]]
    panel = Panel("Accuracy <test>", [10, 20], {"random": runs, "margin": runs}, 0.9)

    drawn = ElementTree.fromstring(chart("Luma & more", "labels", "all", [panel]))  # noqa: S314

    words = {element.text for element in drawn.iter("{http://www.w3.org/2000/svg}text")}
    assert {"Luma & more", "Accuracy <test>", "random", "margin", "all", "10", "20"} <= words
