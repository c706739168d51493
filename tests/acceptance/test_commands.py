"""The commands of whoever runs Eva or tries her, as they type them."""

import re
import subprocess
import sys
from pathlib import Path

from bot.testing.telegram import FakeTelegram
from core.i18n.translations import Language, translate
from tests.conftest import ROOT, RunEva

EN = Language.EN


def test_chat_is_telegram_without_an_account(environment: dict[str, str], samples: Path, tmp_path: Path) -> None:
    lines = [
        "hello",
        str(samples / "street.jpg"),
        "1",
        "Mina",
        f"{samples / 'street.jpg'} {samples / 'ethnic.jpg'}",
        "/me",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "eva", "chat", "--lang", "en"],
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"},
        input="\n".join(lines),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    said = done.stdout
    assert done.returncode == 0, done.stderr
    assert translate("telegram.start.1", EN) in said
    assert translate("talk.about", EN) in said
    assert re.search(r"\[1\] Share to board .*\[\d\] You're wrong", said)
    assert translate("talk.shared", EN, name="Mina") in said
    assert said.count("I looked at all 2") == 1, "one answer for the album"
    pictures = sorted(tmp_path.glob("eva-chat-*.jpg"))
    assert pictures
    assert all(path.read_bytes().startswith(b"\xff\xd8") for path in pictures)


def test_telegram_is_told_where_eva_is(eva: RunEva) -> None:
    with FakeTelegram() as telegram:
        done = eva(
            *("telegram", "setup", "--url", "https://eva.example/"),
            EVA_TELEGRAM_TOKEN=telegram.token,
            EVA_TELEGRAM_WEBHOOK_SECRET="secret",
            EVA_TELEGRAM_API_URL=telegram.url,
        )
        assert done.returncode == 0, done.stderr
        assert telegram.api.webhook["url"] == "https://eva.example/telegram/webhook"
        assert telegram.api.webhook["secret_token"] == "secret"
        (korean,) = [call for call in telegram.calls_to("setMyCommands") if call.fields.get("language_code") == "ko"]
        assert "forget" in str(korean.fields["commands"])


def test_setup_says_what_is_missing(eva: RunEva) -> None:
    done = eva("telegram", "setup")
    assert (done.returncode, done.stderr.strip()) == (1, translate("cli.telegram.unset", EN))


def test_setup_says_why_telegram_refused(eva: RunEva) -> None:
    with FakeTelegram() as telegram:
        done = eva(
            *("telegram", "setup", "--url", "https://eva.example"),
            EVA_TELEGRAM_TOKEN="1:wrong",
            EVA_TELEGRAM_WEBHOOK_SECRET="secret",
            EVA_TELEGRAM_API_URL=telegram.url,
        )
    assert done.returncode == 1
    assert "1:wrong" not in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_a_wrong_token_ends_the_worker_with_a_sentence(eva: RunEva) -> None:
    with FakeTelegram() as telegram:
        done = eva("worker", EVA_TELEGRAM_TOKEN="1:wrong", EVA_TELEGRAM_API_URL=telegram.url)
    assert done.returncode == 1
    assert "@BotFather" in done.stderr
    assert "Traceback" not in done.stderr


def test_corrections_of_nobody_are_an_empty_list(eva: RunEva, tmp_path: Path) -> None:
    done = eva("corrections", "export", "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "labels.csv").read_text("utf-8").startswith("photo,split,style")
