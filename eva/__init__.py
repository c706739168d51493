"""The front door: the `eva` command, and the only place where Eva's parts are put together.

What a command needs is imported inside it, so that `eva ask` answers in a moment and never meets TensorFlow.
"""

import typer

from eva import admin, chat, judge, serve, train

__all__ = ["app", "main"]

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Eva names the style of an outfit and shows on the photo why.",
)
for room in (judge, serve, chat, admin, train):
    app.add_typer(room.app)


def main() -> None:
    """Run the command line."""
    app()
