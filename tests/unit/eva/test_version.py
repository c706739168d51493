from core.version import get_version
from tests.unit.eva.conftest import RunCommand


def test_the_version_is_printed_without_a_command(run_command: RunCommand) -> None:
    printed = run_command("--version")
    assert (printed.exit_code, printed.stdout) == (0, f"eva {get_version()}\n")
