"""Fifty moderators, and a site whose processes die one after another."""

from tests.chaos.damage import as_json
from tests.chaos.siege import Siege, besiege


def test_no_item_goes_to_two_people_and_no_acknowledged_decision_is_lost_or_doubled(tmp_path):
    damage = besiege(Siege(tmp_path / "site"))

    assert damage.is_none, as_json(damage)
    # It was a siege: people worked in every way, calls broke, leases were lost, and every kind was
    # killed.
    assert damage.acknowledged.keys() == {"answered", "skipped", "escalated", "undone"}
    assert damage.acknowledged["answered"] > 25, as_json(damage)
    assert damage.broken_calls > 0, as_json(damage)
    assert damage.refused > 0, as_json(damage)
    assert min(damage.kills.values()) >= 1, as_json(damage)
