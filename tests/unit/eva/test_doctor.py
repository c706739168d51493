from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from core.i18n.translations import Language, translate
from eva.console import print_checks
from eva.doctor import Check, CheckStatus
from tests.unit.eva.conftest import RunCommand

EN = Language.EN


def test_doctor_passes_and_lists_what_is_optional(run_command: RunCommand) -> None:
    result = run_command("doctor")
    assert result.exit_code == 0
    assert translate("cli.doctor.engine.scripted", EN) in result.stdout
    assert translate("cli.doctor.telegram.fix", EN) in result.stdout


def test_doctor_finds_a_configured_messenger(run_command: RunCommand) -> None:
    assert translate("cli.doctor.kakao.ok", EN) in run_command("doctor", EVA_KAKAO_SKILL_KEY="secret").stdout


def test_doctor_fails_without_a_model_and_advises(run_command: RunCommand, tmp_path: Path) -> None:
    result = run_command("doctor", EVA_ENGINE="litert", EVA_MODEL_DIR=str(tmp_path), COLUMNS="300")
    assert result.exit_code == 1
    assert translate("cli.doctor.model.fix", EN) in result.stdout


@pytest.mark.parametrize("command", ["ask", "judge"])
def test_a_missing_model_is_explained(run_command: RunCommand, samples: Path, tmp_path: Path, command: str) -> None:
    result = run_command(command, samples / "street.jpg", EVA_ENGINE="litert", EVA_MODEL_DIR=str(tmp_path))
    assert result.exit_code == 1
    assert result.stderr.startswith(translate("cli.doctor.model.fix", EN))


def test_an_empty_secret_key_is_explained_before_anything_starts(run_command: RunCommand, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "secret.key").touch()
    result = run_command("worker", EVA_DATA_DIR=str(tmp_path / "data"))
    assert result.exit_code == 1
    assert "must hold 32 characters" in result.stderr
    assert "Traceback" not in result.stderr
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret.key"]


def test_no_word_of_advice_is_cut_off() -> None:
    """Letters of two columns do not fit everywhere into a line."""
    check = Check("secret", CheckStatus.MISSING, "fix", {})
    for width in range(60, 70):
        output = StringIO()
        print_checks(Console(file=output, width=width), [check], Language.KO)
        assert set(check.detail(Language.KO).split()) <= set(output.getvalue().split())
