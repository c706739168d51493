"""Terminal output: messages, probabilities, tables. Plain lines if the output is not a terminal."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.box import ROUNDED
from rich.cells import cell_len
from rich.console import Console
from rich.live import Live
from rich.panel import Panel
from rich.progress import Progress
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from core.conversation.narration import Message, format_percent, style_name
from core.conversation.worn_details import seen_lines
from core.i18n.translations import Language, translate
from core.vision.attributes import Attributes
from core.vision.verdict import ConfidenceBand, Verdict
from eva.batch import FailedFile, JudgedFile
from eva.doctor import Check, CheckStatus

ACCENT_COLOR = "#c4446e"
TYPING_PAUSE = 0.45
"""Seconds of dots before a message."""
SECONDS_PER_CHARACTER = 0.012
MAX_PANEL_WIDTH = 64
"""Columns of the widest message."""
BORDERS = 4
"""Columns around a message."""
BAR_WIDTH = 24
"""Columns of a bar at 100 %."""


def print_messages(console: Console, messages: Sequence[Message], *, animated: bool) -> None:
    """Print Eva's messages.

    Args:
        console: where to print; without a terminal, each message is one plain line.
        messages: what to print.
        animated: whether to type the messages with pauses.
    """
    for message in messages:
        if not console.is_terminal:
            console.print(message.text, markup=False, highlight=False, soft_wrap=True)
        elif animated:
            _print_animated(console, message.text)
        else:
            console.print(_panel(message.text, console, cell_len(message.text) + BORDERS))


def print_probabilities(console: Console, verdict: Verdict, language: Language) -> None:
    """Print the probabilities of all styles as bars, most probable first."""
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0), title_justify="left", title_style="bold")
    table.title = translate("cli.bars", language)
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    block = "#" if console.options.ascii_only else "█"
    for rank, (style, probability) in enumerate(verdict.ranking):
        share = format_percent(probability)
        bar = Text(block * max(1, round(BAR_WIDTH * probability)), style=ACCENT_COLOR if rank == 0 else "bright_black")
        table.add_row(Text(style_name(style, language), style="bold" if rank == 0 else ""), f"{share} %", bar)
    console.print(table)


def print_attributes(console: Console, attributes: Attributes, language: Language) -> None:
    """Print what is seen, with probabilities; nothing if nothing is."""
    if lines := seen_lines(attributes, language):
        console.print(Text(translate("worn.title", language), style="bold"))
        for line in lines:
            console.print(line, markup=False, highlight=False, soft_wrap=True)


def _panel(content: str | Spinner, console: Console, width: int) -> Panel:
    return Panel(content, box=ROUNDED, border_style=ACCENT_COLOR, width=min(MAX_PANEL_WIDTH, console.width, width))


def _print_animated(console: Console, message: str) -> None:
    width = cell_len(message) + BORDERS
    with Live(console=console, refresh_per_second=30, auto_refresh=False) as live:
        live.update(_panel(Spinner("simpleDots", style=ACCENT_COLOR), console, 4 + BORDERS), refresh=True)
        for _ in range(round(TYPING_PAUSE / 0.15)):
            time.sleep(0.15)
            live.refresh()
        for end in range(1, len(message) + 1):
            live.update(_panel(message[:end], console, width), refresh=True)
            time.sleep(SECONDS_PER_CHARACTER)


def print_results(console: Console, results: Sequence[JudgedFile | FailedFile], language: Language) -> None:
    """Print a table of photo, style, probability and runner-up, then why each of the other photos was not judged."""
    judged = [result for result in results if isinstance(result, JudgedFile)]
    if judged:
        console.print(_results_table(judged, language))
    for result in results:
        if isinstance(result, FailedFile):
            console.print(Text(f"{result.photo}: {result.message}", style="red"), soft_wrap=True)


def _results_table(results: Sequence[JudgedFile], language: Language) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column()
    for _ in range(3):
        table.add_column(no_wrap=True)
    for result in results:
        photo = Text(str(result.photo), overflow="fold")
        if result.verdict.band is ConfidenceBand.NOT_AN_OUTFIT:
            table.add_row(photo, Text("–", style="dim"), "", "")
        else:
            (first, share), (second, rest), *_ = result.verdict.ranking
            table.add_row(
                photo,
                Text(style_name(first, language), style="bold"),
                f"{format_percent(share)} %",
                Text(f"{style_name(second, language)} {format_percent(rest)} %", style="dim"),
            )
    return table


@contextmanager
def progress_bar(label: str, total: int) -> Iterator[Callable[[], None]]:
    """Show a progress bar on stderr; yields a function to call after each step."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(label, total=total)
        yield lambda: bar.advance(task)


def print_checks(console: Console, checks: Sequence[Check], language: Language) -> None:
    """Print the results of `eva doctor`."""
    colors = {CheckStatus.OK: "green", CheckStatus.OPTIONAL: "yellow", CheckStatus.MISSING: "bold red"}
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), title_justify="left", title_style="bold")
    table.title = translate("cli.doctor.title", language)
    for check in checks:
        status = Text(translate(f"cli.doctor.{check.status}", language), style=colors[check.status])
        table.add_row(check.title(language), status, Text(check.detail(language), overflow="fold"))
    console.print(table)
    missing = sum(check.status is CheckStatus.MISSING for check in checks)
    key = "cli.doctor.some" if missing else "cli.doctor.all_well"
    console.print(translate(key, language, count=missing), markup=False)
