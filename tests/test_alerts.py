"""The alert rules by Prometheus' own engine, where Debian's package `prometheus` is installed."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

MONITORING = Path(__file__).parents[1] / "docs" / "monitoring"


def alerts(name, key):
    text = yaml.safe_load((MONITORING / name).read_text(encoding="utf-8"))
    return text[key]


def test_every_rule_is_tried_when_all_is_well_and_when_it_is_not():
    rules = {one["alert"] for group in alerts("alerts.yml", "groups") for one in group["rules"]}
    tried = [one for test in alerts("alerts_test.yml", "tests") for one in test["alert_rule_test"]]

    quiet = {one["alertname"] for one in tried if "exp_alerts" not in one}
    loud = {one["alertname"] for one in tried if "exp_alerts" in one}
    assert quiet == loud == rules


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_says_what_the_rules_are_meant_to():
    found = subprocess.run(
        ["promtool", "test", "rules", MONITORING / "alerts_test.yml"],
        capture_output=True, check=False, text=True,
    )  # fmt: skip

    assert found.returncode == 0, found.stdout + found.stderr
