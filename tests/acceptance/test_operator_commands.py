"""`eva chat`, `eva telegram setup`, `eva worker` and `eva corrections export` as processes."""

import json
import re
import subprocess
import sys
from pathlib import Path

from bot.testing.telegram import FakeTelegram
from core.i18n.translations import Language, translate
from core.vision.classifier import BUNDLED_MODEL_DIR
from tests.conftest import ROOT, RunEva
from tests.databases import copy_cluster

EN = Language.EN


def test_output_of_a_command_is_without_log_lines(eva: RunEva) -> None:
    """It creates the embedded database, which it logs."""
    done = eva("shadow", "--model", BUNDLED_MODEL_DIR, "--json", EVA_ENGINE="litert")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["photos"] == 0
    assert "embedded_postgres_creating" in done.stderr


def chat(environment: dict[str, str], folder: Path, *lines: str) -> str:
    """What `eva chat` prints for these lines."""
    done = subprocess.run(
        [sys.executable, "-m", "eva", "chat", "--lang", "en"],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"},
        input="\n".join(lines),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_chat_simulates_telegram(environment: dict[str, str], samples: Path, tmp_path: Path, cluster: Path) -> None:
    copy_cluster(cluster, tmp_path / ".eva" / "chat")
    street, ethnic = samples / "street.jpg", samples / "ethnic.jpg"
    output = chat(environment, tmp_path, "who are you?", str(street), "1", "Mina", "1", f"{street} {ethnic}", "/me")
    assert translate("telegram.start.1", EN) in output
    assert translate("talk.about", EN) in output
    share, wrong = (re.escape(translate(key, EN)) for key in ("talk.button.share", "talk.button.correct"))
    assert re.search(rf"\[1\] {share} .*\[\d\] {wrong}", output)
    assert translate("talk.shared", EN, name="Mina") in output
    assert output.count("I looked at both") == 1, "one answer for the album"
    heatmaps = sorted(tmp_path.glob("eva-chat-*.jpg"))
    assert heatmaps
    assert all(path.read_bytes().startswith(b"\xff\xd8") for path in heatmaps)
    again = chat(environment, tmp_path, str(ethnic))
    assert translate("telegram.start.1", EN) in again, "another chat in the same folder has messages of its own"
    assert "[1] Share to board" in again


def test_setup_registers_webhook_and_commands(eva: RunEva) -> None:
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


def test_setup_names_missing_settings(eva: RunEva) -> None:
    done = eva("telegram", "setup")
    assert (done.returncode, done.stderr.strip()) == (1, translate("cli.telegram.unset", EN))


def test_setup_explains_a_refusal_without_the_token(eva: RunEva) -> None:
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


def test_worker_ends_with_an_explanation_for_an_invalid_token(eva: RunEva, url: str) -> None:
    with FakeTelegram() as telegram:
        token = {"EVA_TELEGRAM_TOKEN": "1:wrong", "EVA_TELEGRAM_API_URL": telegram.url}
        done = eva("worker", DATABASE_URL=url, **token)
    assert done.returncode == 1
    assert "@BotFather" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_with_something_else_is_not_an_export(eva: RunEva, url: str, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "photo.jpg").touch()
    done = eva("corrections", "export", "--out", str(tmp_path), DATABASE_URL=url)
    assert done.returncode == 1
    assert translate("cli.not_an_export", EN, path=str(tmp_path)) in done.stderr


def test_export_without_corrections_writes_an_empty_list(eva: RunEva, url: str, tmp_path: Path) -> None:
    done = eva("corrections", "export", "--out", str(tmp_path / "out"), DATABASE_URL=url)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "labels.csv").read_text("utf-8").startswith("photo,split,style")


def test_failed_updates_are_retried(eva: RunEva, url: str) -> None:
    done = eva("updates", "retry", DATABASE_URL=url)
    assert done.returncode == 0, done.stderr
    assert translate("cli.updates.retried", EN, count=0) in done.stdout
