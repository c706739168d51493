"""What commands say about wrong settings and arguments, in both languages."""

import re
from collections.abc import Iterator

import pytest

from bot.testing.telegram import FakeTelegram
from core.errors import EvaError
from core.i18n.translations import Language, translate
from core.settings import ADMIN_PROVIDERS
from eva.cli_errors import OPERATOR_ERRORS, SETTING_PROBLEMS, describe_error
from tests.unit.eva.conftest import RunCommand

LOCALES = {Language.EN: "en_GB.UTF-8", Language.KO: "ko_KR.UTF-8"}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(
    ("variables", "names", "key", "values"),
    [
        ({"EVA_PUBLIC_URI": "x"}, "EVA_PUBLIC_URI", "unknown", {}),
        ({"EVA_WORKER": "true"}, "EVA_WORKER", "renamed", {"replacement": "EVA_RUN_WORKER"}),
        ({"EVA_ENV": "staging"}, "EVA_ENV", "choice", {"expected": "'development', 'production'"}),
        ({"EVA_RUN_WORKER": "maybe"}, "EVA_RUN_WORKER", "switch", {}),
        ({"EVA_METRICS_PORT": "x"}, "EVA_METRICS_PORT", "number", {}),
        ({"EVA_DRAIN_SECONDS": "x"}, "EVA_DRAIN_SECONDS", "number", {}),
        ({"EVA_METRICS_PORT": "0"}, "EVA_METRICS_PORT", "at_least", {"limit": 1}),
        ({"EVA_METRICS_PORT": "65536"}, "EVA_METRICS_PORT", "at_most", {"limit": 65535}),
        ({"EVA_SECRET_KEY": "short"}, "EVA_SECRET_KEY", "short", {"limit": 32}),
        ({"EVA_KAKAO_JS_KEY": "?"}, "EVA_KAKAO_JS_KEY", "pattern", {}),
        ({"EVA_PUBLIC_URL": "eva.example"}, "EVA_PUBLIC_URL", "url", {}),
        ({"EVA_PUBLIC_URL": "ftp://eva.example"}, "EVA_PUBLIC_URL", "url", {}),
        ({"EVA_PUBLIC_URL": "https://eva.example/eva"}, "EVA_PUBLIC_URL", "path", {}),
        ({"EVA_PUBLIC_URL": "https://eva.example?x"}, "EVA_PUBLIC_URL", "path", {}),
        ({"EVA_TRUSTED_PROXIES": "proxy.example"}, "EVA_TRUSTED_PROXIES", "network", {}),
        ({"EVA_TRUSTED_PROXIES": "0.0.0.0/0"}, "EVA_TRUSTED_PROXIES", "everyone", {}),
        ({"EVA_ADMINS": "me"}, "EVA_ADMINS", "admins", {"providers": ", ".join(ADMIN_PROVIDERS)}),
        ({"EVA_ADMINS": "telgram:1"}, "EVA_ADMINS", "admins", {"providers": ", ".join(ADMIN_PROVIDERS)}),
        ({"EVA_TELEGRAM_WEBHOOK_SECRET": "a b"}, "EVA_TELEGRAM_WEBHOOK_SECRET", "webhook_secret", {}),
        ({"EVA_KAKAO_CLIENT_ID": "x"}, "EVA_KAKAO_CLIENT_ID, EVA_KAKAO_CLIENT_SECRET", "together", {}),
        (
            {"RDS_HOSTNAME": "h", "RDS_PORT": "1", "RDS_DB_NAME": "eva"},
            "RDS_USERNAME, RDS_PASSWORD",
            "rds",
            {},
        ),
    ],
)
def test_a_wrong_setting_is_one_line_that_says_what_is_wrong(
    run_command: RunCommand,
    language: Language,
    variables: dict[str, str],
    names: str,
    key: str,
    values: dict[str, object],
) -> None:
    result = run_command("doctor", **variables, LANG=LOCALES[language])
    assert result.exit_code == 1
    assert result.stderr == f"{names}: {translate(f'cli.setting.{key}', language, **values)}\n"


def test_two_wrong_settings_are_two_lines(run_command: RunCommand) -> None:
    result = run_command("doctor", EVA_ENV="staging", EVA_METRICS_PORT="x")
    assert [line.partition(":")[0] for line in result.stderr.splitlines()] == ["EVA_ENV", "EVA_METRICS_PORT"]


@pytest.mark.parametrize("language", Language)
def test_every_problem_has_a_text(language: Language) -> None:
    values = dict.fromkeys(("replacement", "expected", "limit", "providers"), "x")
    assert all(translate(f"cli.setting.{key}", language, **values) for key in SETTING_PROBLEMS.values())


def subclasses(error: type[EvaError]) -> Iterator[type[EvaError]]:
    yield error
    for subclass in error.__subclasses__():
        yield from subclasses(subclass)


@pytest.mark.parametrize("error", OPERATOR_ERRORS)
def test_errors_of_operators_are_told_in_both_languages(error: type[EvaError]) -> None:
    for kind in subclasses(error):
        assert describe_error(kind("why"), Language.EN) == str(kind("why"))
        assert describe_error(kind(), Language.EN) == str(kind())
        assert re.search("[가-힣]", describe_error(kind(), Language.KO))
        assert describe_error(kind("why"), Language.KO).endswith(": why")


def test_a_command_that_fails_says_why_in_the_language_of_the_terminal(run_command: RunCommand) -> None:
    unreachable = {"DATABASE_URL": "postgresql://u:p@127.0.0.1:1/x"}
    korean = run_command("migrate", **unreachable, LANG=LOCALES[Language.KO])
    assert korean.exit_code == 1
    assert korean.stderr.startswith(translate("cli.error.database_unavailable", Language.KO).rstrip("."))


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_an_empty_folder_of_a_backup_is_refused(run_command: RunCommand, command: str) -> None:
    result = run_command(command, "")
    assert result.exit_code == 2
    assert translate("cli.backup.no_target", Language.EN) in result.stderr


def test_polling_needs_a_token(run_command: RunCommand) -> None:
    result = run_command("run", "--polling")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.strip() == translate("cli.polling_without_token", Language.EN)


def test_setup_tells_a_telegram_that_does_not_answer_from_one_that_refuses(run_command: RunCommand) -> None:
    settings = {
        "EVA_TELEGRAM_TOKEN": "1:x",
        "EVA_TELEGRAM_WEBHOOK_SECRET": "y",
        "EVA_PUBLIC_URL": "https://eva.example",
    }
    with FakeTelegram() as telegram:
        settings["EVA_TELEGRAM_TOKEN"] = telegram.token
        telegram.fail_next("setWebhook", 400, "Bad Request: bad webhook")
        for url, key in (("http://127.0.0.1:1", "cli.telegram.unreachable"), (telegram.url, "cli.telegram.refused")):
            result = run_command("telegram", "setup", **settings, EVA_TELEGRAM_API_URL=url)
            assert result.exit_code == 1
            assert result.stderr.startswith(translate(key, Language.EN, reason=""))
