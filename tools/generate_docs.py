"""Write the generated parts of the documentation: `python -m tools.generate_docs` (`make docs`).

They stand between `<!-- marker -->` and `<!-- /marker -->`:

- `docs/configuration.md`: all settings, from `core.settings.Settings`
- `docs/operations.md`: all metrics, from `core.metrics`
- `docs/http-api.md`: fields, statuses and addresses, from the routes of `leaderboard_web` (`tools.api_tables`)
- `docs/intents.md`: how well Eva understands messages, from `tools.intent_report` and `tools.fresh_message_report`
- `README.md` and `docs/scaling.md`: tables of measured figures, from `benchmarks/results` (`tools.benchmark_tables`)

With `--check` nothing is written, and the exit code is 1 if a page is out of date.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import reduce
from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from core import metrics
from core.settings import Settings
from tools.api_tables import api_tables
from tools.benchmark_tables import cost_table, performance_table, worker_table
from tools.fresh_message_report import fresh_message_table
from tools.intent_report import intent_tables

ROOT = Path(__file__).parents[1]
DYNAMIC_DEFAULTS = {
    "database_url": "an embedded PostgreSQL",
    "model_dir": "`core/models`",
    "secret_key": "generated and stored in `EVA_DATA_DIR`",
    "storage_url": "`pictures` in `EVA_DATA_DIR`",
}
"""Defaults that are chosen at run time."""


def setting_table() -> list[str]:
    """All settings: variable, default and description."""
    return ["| variable | default | description |", "|---|---|---|", *_setting_rows()]


def metric_table() -> list[str]:
    """All metrics: name with labels, and meaning."""
    return ["| metric | meaning |", "|---|---|", *_metric_rows()]


def generated_pages() -> dict[Path, str]:
    """Every page with generated parts, as it should be."""
    tables = {
        "README.md": {"performance": performance_table()},
        "docs/configuration.md": {"settings": setting_table()},
        "docs/http-api.md": api_tables(),
        "docs/intents.md": {**intent_tables(), "fresh": fresh_message_table()},
        "docs/operations.md": {"metrics": metric_table()},
        "docs/scaling.md": {"costs": cost_table(), "workers": worker_table()},
    }
    return {ROOT / name: _with_tables(ROOT / name, lines) for name, lines in tables.items()}


def main() -> int:
    """Write the pages, or check them."""
    check = "--check" in sys.argv[1:]
    outdated = {path: text for path, text in generated_pages().items() if path.read_text("utf-8") != text}
    for path, text in outdated.items():
        print(f"{path.relative_to(ROOT)}: {'out of date, run make docs' if check else 'written'}")
        if not check:
            path.write_text(text, "utf-8")
    return 1 if check and outdated else 0


def _setting_rows() -> Iterator[str]:
    for name, field in sorted(Settings.model_fields.items()):
        variable = field.validation_alias or f"EVA_{name.upper()}"
        description = " ".join((field.description or "").split()).replace("|", "\\|")
        yield f"| `{variable}` | {_default(name, field)} | {description} |"


def _metric_rows() -> Iterator[str]:
    for value in vars(metrics).values():
        if isinstance(value, Counter | Gauge | Histogram):
            (family,) = value.describe()
            name = f"{family.name}_total" if isinstance(value, Counter) else family.name
            labels = ", ".join(f"`{label}`" for label in value._labelnames)
            yield f"| `{name}`{f' ({labels})' if labels else ''} | {family.documentation} |"


def _default(name: str, field: FieldInfo) -> str:
    if name in DYNAMIC_DEFAULTS:
        return DYNAMIC_DEFAULTS[name]
    default = field.default
    if default in (None, (), PydanticUndefined):
        return ""
    if isinstance(default, Enum):
        default = default.value
    if isinstance(default, bool):
        default = str(default).lower()
    return f"`{','.join(default) if isinstance(default, tuple) else default}`"


def _with_tables(page: Path, tables: Mapping[str, list[str]]) -> str:
    """The page with these lines between `<!-- marker -->` and `<!-- /marker -->`."""
    return reduce(lambda text, table: _replace(text, *table), tables.items(), page.read_text("utf-8"))


def _replace(page: str, marker: str, lines: list[str]) -> str:
    start, end = f"<!-- {marker} -->\n", f"<!-- /{marker} -->"
    content = start + "".join(f"{line}\n" for line in lines) + end
    replaced, count = re.subn(f"{re.escape(start)}.*?{re.escape(end)}", lambda _: content, page, flags=re.DOTALL)
    if count != 1:
        raise ValueError(f"the page has no place for the table {marker!r}")
    return replaced


if __name__ == "__main__":
    sys.exit(main())
