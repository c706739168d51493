"""The `eva` command. The only package that puts the parts of Eva together."""

import errno
import io
import sys


def main() -> None:
    """Run the command line. Neither Ctrl+C, at whatever moment, nor a full disk behind its output is a traceback."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that is not in UTF-8 shows a question mark for what it lacks.
        sys.stdout.reconfigure(errors="replace")
    try:
        from eva.cli import app

        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        from core.i18n.translations import translate
        from eva.cli_errors import terminal_language

        sys.exit(translate("cli.disk_full", terminal_language()))
