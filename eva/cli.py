"""All commands of `eva`.

Each command imports what it needs when it runs, so that `eva ask` starts quickly and never loads TensorFlow.
"""

from typing import Annotated

import typer

from core.version import get_version
from eva import admin, backup, chat, demo, judge, serve, shadow, train

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Eva names the style of an outfit and shows on the photo why.",
)
for module in (judge, chat, serve, demo, admin, backup, shadow, train):
    app.add_typer(module.app)


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        typer.echo(f"eva {get_version()}")
        raise typer.Exit


@app.callback()
def take_options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Take the options that belong to no command."""
