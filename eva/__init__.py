"""The `eva` command. The only package that puts the parts of Eva together.

Each command imports what it needs when it runs, so that `eva ask` starts quickly and never loads TensorFlow.
"""

import typer

from eva import admin, backup, chat, demo, judge, serve, train

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Eva names the style of an outfit and shows on the photo why.",
)
for module in (judge, serve, demo, chat, admin, backup, train):
    app.add_typer(module.app)


def main() -> None:
    """Run the command line."""
    app()
