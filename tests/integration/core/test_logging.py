import json
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import logging, structlog
from core.logging import configure_logging
from core.settings import Environment
configure_logging(Environment({environment!r}), secrets=["123:hush"])
structlog.get_logger().info("judged", ms=12)
def open_photo(name):
    raise ValueError("odd")
try:
    open_photo("holiday-with-mina.jpg")
except ValueError:
    logging.getLogger("uvicorn.error").exception("failed")
logging.getLogger("uvicorn.error").info("an address")
try:
    raise ValueError("the token 123:hush was rejected")
except ValueError:
    logging.getLogger("procrastinate").exception("123:hush")
"""


def log_lines(environment: str) -> list[str]:
    command = [sys.executable, "-c", SCRIPT.format(environment=environment)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == ""
    assert "an address" not in done.stderr
    assert "the token *** was rejected" in done.stderr
    assert "hush" not in done.stderr
    return done.stderr.splitlines()


def test_production_logs_json_lines() -> None:
    judged, failed, _ = (json.loads(line) for line in log_lines("production"))
    assert (judged["event"], judged["ms"], judged["level"]) == ("judged", 12, "info")
    assert failed["level"] == "error"
    assert "ValueError: odd" in failed["exception"]


COUNTED = """
import logging, structlog
from prometheus_client import REGISTRY
from core.logging import configure_logging
from core.settings import Environment
configure_logging(Environment.PRODUCTION)
log = structlog.get_logger()
log.warning("update_taken_over")
log.error("update_abandoned")
try:
    raise ValueError
except ValueError:
    log.exception("update_failed")
logging.getLogger("uvicorn.error").error("what a library says of someone")
(metric,) = [metric for metric in REGISTRY.collect() if metric.name == "eva_logged_errors"]
print(sorted(sample.labels["event"] for sample in metric.samples if sample.name.endswith("_total")))
"""


def test_errors_are_counted_by_their_event() -> None:
    """A bug ends an update with an apology, and the job without a fault: nothing else would tell of it."""
    done = subprocess.run([sys.executable, "-c", COUNTED], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "['update_abandoned', 'update_failed']\n"


def test_development_logs_readable_lines_without_local_variables() -> None:
    shown = "\n".join(log_lines("development"))
    assert "judged" in shown
    assert "ValueError: odd" in shown
    assert "name = 'holiday-with-mina.jpg'" not in shown


def test_a_full_disk_under_the_log_stops_nothing() -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-c", f"{SCRIPT.format(environment='production')}\nprint('continues')"]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=full, text=True, check=False, timeout=60)
    assert done.stdout == "continues\n"
