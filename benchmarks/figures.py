"""Measured figures with their targets: printing and storing them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from core.runtime import available_cpus

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured value."""

    name: str
    value: float
    unit: str
    target: float | None = None
    """The value to reach; None if there is no target."""
    at_most: bool = True
    """Whether the target is an upper bound, else a lower one."""
    headline: bool = False
    """Whether the README shows it."""
    note: str = ""

    @property
    def is_met(self) -> bool | None:
        """Whether the target is reached; None without a target."""
        if self.target is None:
            return None
        return self.value <= self.target if self.at_most else self.value >= self.target

    def to_json(self) -> dict[str, Any]:
        """The figure as it is stored."""
        return {
            "name": self.name,
            "value": round(self.value, 4),
            "unit": self.unit,
            "target": self.target,
            "at_most": self.at_most,
            "met": self.is_met,
            "headline": self.headline,
            "note": self.note,
        }


def print_figures(title: str, figures: Sequence[Figure]) -> None:
    """Print figures as a table."""
    table = Table("", "measured", "target", "", "", title=title)
    for figure in figures:
        sign = "<=" if figure.at_most else ">="
        target = "" if figure.target is None else f"{sign} {figure.target:g} {figure.unit}"
        verdict = {True: "met", False: "missed", None: ""}[figure.is_met]
        table.add_row(figure.name, f"{figure.value:.3g} {figure.unit}", target, verdict, figure.note)
    Console().print(table)


def write_figures(path: Path, figures: Sequence[Figure], **more: Any) -> None:
    """Store figures as JSON.

    Args:
        path: the file.
        figures: what was measured.
        more: further content of the file.
    """
    content = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": available_cpus(),
        **more,
        "figures": [figure.to_json() for figure in figures],
    }
    path.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
