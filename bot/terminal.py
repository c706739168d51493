"""Eva in a terminal: bubbles that are typed, probabilities as bars. Where nobody watches, plain lines."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.box import ROUNDED
from rich.cells import cell_len
from rich.console import Console
from rich.live import Live
from rich.panel import Panel
from rich.progress import Progress
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from bot.batch import Failed
from bot.doctor import State
from bot.texts import text
from bot.voice import percent, style_name
from core.vision.overlay import colour_map
from core.vision.verdict import Band

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bot.batch import Judged
    from bot.doctor import Check
    from bot.texts import Language
    from bot.voice import Bubble
    from core.vision.verdict import Verdict

__all__ = ["judged_table", "progress", "say", "show_bars", "show_checks"]

ACCENT = "#c4446e"
PAUSE = 0.45
"""Seconds of dots before a bubble."""
PACE = 0.012
"""Seconds a character."""
WIDEST = 64
"""Characters of the widest bubble."""
BAR = 24
"""Characters of a bar at 100 percent."""


def say(console: Console, bubbles: Sequence[Bubble], *, typed: bool) -> None:
    """Show bubbles.

    Args:
        console: where; if it is no terminal, each bubble is one plain line.
        bubbles: what Eva says.
        typed: whether to type them, with pauses, as a person would.
    """
    for bubble in bubbles:
        if not console.is_terminal:
            console.print(bubble.text, markup=False, highlight=False, soft_wrap=True)
        elif typed:
            _type(console, bubble.text)
        else:
            console.print(_panel(bubble.text, console))


def show_bars(console: Console, verdict: Verdict, language: Language) -> None:
    """Show the eight probabilities as bars, the most probable first."""
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0), title_justify="left", title_style="bold")
    table.title = text("cli.bars", language)
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    colours = colour_map(BAR)
    for rank, (style, probability) in enumerate(verdict.ranking):
        share = percent(probability)
        filled = max(1, round(BAR * share / 100))
        bar = Text()
        for red, green, blue in colours[:filled]:
            bar.append("█", style=f"rgb({red},{green},{blue})" if rank == 0 else "bright_black")
        table.add_row(Text(style_name(style, language), style="bold" if rank == 0 else ""), f"{share} %", bar)
    console.print(table)


def _panel(content: str | Spinner, console: Console, width: int | None = None) -> Panel:
    limit = min(WIDEST, console.width)
    if width is None and isinstance(content, str):
        width = cell_len(content) + 4
    return Panel(content, box=ROUNDED, border_style=ACCENT, width=min(limit, width or limit))


def _type(console: Console, line: str) -> None:
    width = cell_len(line) + 4
    with Live(console=console, refresh_per_second=30, auto_refresh=False) as live:
        live.update(_panel(Spinner("simpleDots", style=ACCENT), console, 8), refresh=True)
        for _ in range(round(PAUSE / 0.15)):
            time.sleep(0.15)
            live.refresh()
        for end in range(1, len(line) + 1):
            live.update(_panel(line[:end], console, width), refresh=True)
            time.sleep(PACE)


def judged_table(results: Sequence[Judged | Failed], language: Language) -> Table:
    """Judged photos as a table for people: photo, style, how sure, runner-up; or why not."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column()
    for _ in range(3):
        table.add_column(no_wrap=True)
    for result in results:
        photo = Text(str(result.photo), overflow="fold")
        if isinstance(result, Failed):
            table.add_row(photo, Text(result.error, style="red"), "", "")
        elif result.verdict.band is Band.NOT_AN_OUTFIT:
            table.add_row(photo, Text("–", style="dim"), "", "")
        else:
            (first, share), (second, rest), *_ = result.verdict.ranking
            table.add_row(
                photo,
                Text(style_name(first, language), style="bold"),
                f"{percent(share)} %",
                Text(f"{style_name(second, language)} {percent(rest)} %", style="dim"),
            )
    return table


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[], None]]:
    """A progress bar on stderr, gone when it is done; call what it gives once for each step."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(label, total=total)
        yield lambda: bar.advance(task)


def show_checks(console: Console, checks: Sequence[Check], language: Language) -> None:
    """Show what `eva doctor` found."""
    colours = {State.OK: "green", State.OPTIONAL: "yellow", State.MISSING: "bold red"}
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), title_justify="left", title_style="bold")
    table.title = text("cli.doctor.title", language)
    for check in checks:
        state = Text(text(f"cli.doctor.{check.state}", language), style=colours[check.state])
        table.add_row(check.name, state, Text(check.finding))
    console.print(table)
    missing = sum(check.state is State.MISSING for check in checks)
    closing = text("cli.doctor.some", language, count=missing) if missing else text("cli.doctor.all_well", language)
    console.print(closing, markup=False)
