"""The dashboard and the alerts name metrics that exist, and every alert has a runbook."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from prometheus_client import REGISTRY, Metric

from core import errors, metrics
from core.db import backups
from core.metrics import DeliveryOutcome
from core.vision.verdict import ConfidenceBand
from tests.conftest import ROOT

PROMETHEUS = ROOT / "deploy" / "prometheus"
ALERTS = [
    rule
    for group in yaml.safe_load((PROMETHEUS / "alerts.yml").read_text("utf-8"))["groups"]
    for rule in group["rules"]
]
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "eva.json").read_text("utf-8"))
SUFFIXES = ("_bucket", "_count", "_sum", "_total")


def own_metrics() -> set[str]:
    """The names of Eva's metrics, without the suffixes of their samples."""
    assert metrics.PHOTOS is not None
    collected: list[Metric] = list(REGISTRY.collect())
    return {metric.name for metric in collected if metric.name.startswith("eva_")}


def used_metrics(expression: str) -> set[str]:
    names = set(re.findall(r"\beva_[a-z_]+", expression))
    return {next((name.removesuffix(end) for end in SUFFIXES if name.endswith(end)), name) for name in names}


def test_alerts_and_panels_use_metrics_that_exist() -> None:
    for rule in ALERTS:
        assert used_metrics(rule["expr"]) <= own_metrics(), rule["alert"]
    shown = {
        name for panel in DASHBOARD["panels"] for target in panel["targets"] for name in used_metrics(target["expr"])
    }
    assert shown == own_metrics(), "the dashboard shows every metric, and no other"


def test_the_alert_for_deliveries_counts_every_failure() -> None:
    (expression,) = [rule["expr"] for rule in ALERTS if rule["alert"] == "EvaDeliveriesFail"]
    (pattern,) = re.findall(r'outcome=~"([^"]+)"', expression)
    assert set(pattern.split("|")) == set(DeliveryOutcome) - {DeliveryOutcome.SENT, DeliveryOutcome.GONE}


def test_prometheus_asks_the_processes_that_the_guide_starts() -> None:
    """A target without a process would page from the first day on."""
    (job,) = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text("utf-8"))["scrape_configs"]
    targets = {target for group in job["static_configs"] for target in group["targets"]}
    started = re.findall(r"eva-(web|worker)@(\d+)", (ROOT / "docs" / "deployment.md").read_text("utf-8"))
    assert targets == {f"127.0.0.1:{number if role == 'web' else 9100 + int(number)}" for role, number in started}


def subclass_names(error: type[Exception]) -> set[str]:
    return {error.__name__}.union(*(subclass_names(each) for each in error.__subclasses__()))


def test_the_alert_for_photos_counts_what_is_no_fault_of_the_photo() -> None:
    """An error that is new counts as a failure until somebody says that it is none."""
    (expression,) = [rule["expr"] for rule in ALERTS if rule["alert"] == "EvaPhotosFail"]
    outcomes = {outcome for pattern in re.findall(r'outcome!~"([^"]+)"', expression) for outcome in pattern.split("|")}
    refusals = (errors.DailyLimitError, errors.PersonNotFoundError, errors.LookNotFoundError)
    assert outcomes == {
        *ConfidenceBand,
        "remembered",
        "unstored",
        *subclass_names(errors.PhotoError),
        *(error.__name__ for error in refusals),
    }


def test_a_backup_is_late_for_the_alert_as_for_the_doctor() -> None:
    (expression,) = [rule["expr"] for rule in ALERTS if rule["alert"] == "EvaBackupIsLate"]
    assert re.findall(r"> (\d+) and", expression) == [str(int(backups.LATE_AFTER.total_seconds()))]


def test_alerts_reach_somebody() -> None:
    configuration = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text("utf-8"))
    assert configuration["alerting"]["alertmanagers"]
    assert {rule["labels"]["severity"] for rule in ALERTS} == {"page", "ticket"}


def test_every_alert_is_tested() -> None:
    tests = yaml.safe_load((PROMETHEUS / "alerts_test.yml").read_text("utf-8"))["tests"]
    fired = {rule["alertname"] for test in tests for rule in test["alert_rule_test"] if rule["exp_alerts"]}
    assert fired == {rule["alert"] for rule in ALERTS}


def test_every_alert_has_a_runbook() -> None:
    for rule in ALERTS:
        path, _, anchor = rule["annotations"]["runbook"].partition("#")
        headings = re.findall(r"^#+ (.+)$", (ROOT / path).read_text("utf-8"), re.MULTILINE)
        assert anchor in {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_promtool_accepts_the_files(tmp_path: Path) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("promtool (Debian: prometheus) is not installed")
    shutil.copytree(PROMETHEUS, tmp_path, dirs_exist_ok=True)
    (tmp_path / "eva-metrics-token").touch()
    for arguments in (["check", "config", "prometheus.yml"], ["test", "rules", "alerts_test.yml"]):
        done = subprocess.run(["promtool", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
