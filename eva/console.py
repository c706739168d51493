"""Terminal output: messages, probabilities, tables. Plain lines if the output is not a terminal."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
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
BAR_WIDTH = 24
"""Columns of a bar at 100 %."""
COLOR_MAP: NDArray[np.uint8] = np.frombuffer(
    bytes.fromhex(
        "4c258c4d258c4f258c50268c51268b53268b54278b56278b57278b58278b5a288b5b288a5d288a5e288a5f298a61298a"
        "62298a642989652989662989682a89692a896b2a896c2a886d2a886f2a88702a88722a88732a88742a87762a87772a87"
        "792a877a2a877c2a877d2a867e2a86802a86812a86832a86842a85862a85872a858829858a29858b29848d29848e2984"
        "9028849128849228839428839527839727839827829a26829b26829d26829e25829f2581a12481a22481a42381a52380"
        "a72280a82280aa2180ab207fad207fae1f7fb01e7fb11d7eb31c7eb41c7eb51b7eb71a7db8187dba177dbb167cbc197c"
        "bd1b7cbd1d7bbe1f7bbf217ac0237ac02479c12679c22878c22978c32b77c42c77c42d76c52f76c63075c73275c73374"
        "c83473c93573c93772ca3872cb3971cb3a71cc3b70cd3d6fce3e6fce3f6ecf406ed0416dd0426cd1436cd2446bd3456a"
        "d3466ad44769d54868d54968d64a67d74b66d84c66d84d65d94e64da4f63da5063db5162dc5261dd5360dd545fde555f"
        "df565ee0575de0585ce1595be25a5ae25b59e35b58e45c58e55d57e55e56e65f55e76054e86153e86251e96350ea634f"
        "ea644eeb654dec664ced674bed6849ee6948ef6947f06a46f06b44f16c43f26d41f36e40f36f3ef46f3df5703bf67139"
        "f67238f77336f87434f87432f97530f97730fa7831fa7a32fa7b33fa7c33fa7e34fb7f35fb8136fb8237fb8338fb8538"
        "fb8639fb883afc893bfc8a3cfc8c3cfc8d3dfc8e3efc903ffc913ffd9240fd9441fd9542fd9643fd9843fd9944fd9a45"
        "fd9c46fd9d46fd9e47fea048fea149fea24afea44afea54bfea64cfea74dfea94dfeaa4efeab4ffead50feae50feaf51"
        "feb052feb253feb353feb454feb655feb756feb856feb957febb58febc59febd59febe5afec05bfec15cfec25cfec35d"
        "fec55efec65ffec75ffec860feca61fecb62fecc62fecd63fecf64fed065fdd165fdd266fdd467fdd568fdd668fdd769"
        "fdd96afdda6bfddb6bfddc6cfcde6dfcdf6efce06efce16ffce370fce471fbe571fbe672fbe873fbe974fbea74fbeb75"
    ),
    np.uint8,
).reshape(256, 3)
"""Colors of the values 0 to 1, 256 x 3, sRGB: violet, rose, amber, straw.

The stops (0.38, 0.16, 295), (0.53, 0.21, 350), (0.71, 0.18, 45) and (0.93, 0.14, 102) in OKLCh (lightness, chroma,
hue in degrees) are joined by straight lines in OKLab (Ottosson, *A perceptual color space for image processing*, 2020)
at an even pace, so that equal steps look equally far apart. Lightness only rises.
"""


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
            console.print(_panel(message.text, console))


def print_probabilities(console: Console, verdict: Verdict, language: Language) -> None:
    """Print the probabilities of all styles as bars, most probable first."""
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0), title_justify="left", title_style="bold")
    table.title = translate("cli.bars", language)
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    colors = COLOR_MAP[np.linspace(0, 255, BAR_WIDTH).round().astype(int)]
    for rank, (style, probability) in enumerate(verdict.ranking):
        share = format_percent(probability)
        filled = max(1, round(BAR_WIDTH * probability))
        bar = Text()
        for red, green, blue in colors[:filled]:
            bar.append("█", style=f"rgb({red},{green},{blue})" if rank == 0 else "bright_black")
        table.add_row(Text(style_name(style, language), style="bold" if rank == 0 else ""), f"{share} %", bar)
    console.print(table)


def print_attributes(console: Console, attributes: Attributes, language: Language) -> None:
    """Print what is seen, with probabilities; nothing if nothing is."""
    if lines := seen_lines(attributes, language):
        console.print(Text(translate("worn.title", language), style="bold"))
        for line in lines:
            console.print(line, markup=False, highlight=False, soft_wrap=True)


def _panel(content: str | Spinner, console: Console, width: int | None = None) -> Panel:
    limit = min(MAX_PANEL_WIDTH, console.width)
    if width is None and isinstance(content, str):
        width = cell_len(content) + 4
    return Panel(content, box=ROUNDED, border_style=ACCENT_COLOR, width=min(limit, width or limit))


def _print_animated(console: Console, message: str) -> None:
    width = cell_len(message) + 4
    with Live(console=console, refresh_per_second=30, auto_refresh=False) as live:
        live.update(_panel(Spinner("simpleDots", style=ACCENT_COLOR), console, 8), refresh=True)
        for _ in range(round(TYPING_PAUSE / 0.15)):
            time.sleep(0.15)
            live.refresh()
        for end in range(1, len(message) + 1):
            live.update(_panel(message[:end], console, width), refresh=True)
            time.sleep(SECONDS_PER_CHARACTER)


def results_table(results: Sequence[JudgedFile | FailedFile], language: Language) -> Table:
    """A table of results: photo, style, probability and runner-up, or the error."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column()
    for _ in range(3):
        table.add_column(no_wrap=True)
    for result in results:
        photo = Text(str(result.photo), overflow="fold")
        if isinstance(result, FailedFile):
            table.add_row(photo, Text(result.error, style="red"), "", "")
        elif result.verdict.band is ConfidenceBand.NOT_AN_OUTFIT:
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
        table.add_row(check.name, status, Text(check.detail))
    console.print(table)
    missing = sum(check.status is CheckStatus.MISSING for check in checks)
    closing = (
        translate("cli.doctor.some", language, count=missing) if missing else translate("cli.doctor.all_well", language)
    )
    console.print(closing, markup=False)
