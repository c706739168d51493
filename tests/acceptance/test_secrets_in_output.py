"""No secret reaches the log or the terminal, whatever is away: Telegram, the database, or the sense of a setting."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bot.testing.server import LocalServer
from tests.conftest import ROOT
from tests.databases import copy_cluster

SECRETS = {
    "EVA_SECRET_KEY": "SECRETKEY-0123456789-0123456789-0123456789",
    "EVA_TELEGRAM_TOKEN": "123456:TOKENabcdefghijklmnopqrstuvwxyz0123456",
    "EVA_TELEGRAM_WEBHOOK_SECRET": "HOOKSECRETabc",
    "EVA_KAKAO_SKILL_KEY": "KAKAOKEYabcdef",
    "EVA_KAKAO_ADMIN_KEY": "ADMINKEYabcdef",
    "EVA_KAKAO_CLIENT_ID": "kakao",
    "EVA_KAKAO_CLIENT_SECRET": "KAKAOCLIENTabc",
    "EVA_FACEBOOK_CLIENT_ID": "facebook",
    "EVA_FACEBOOK_CLIENT_SECRET": "FACEBOOKCLIENTabc",
}
WORDS = ("TOKENabc", "SECRETKEY", "HOOKSECRET", "KAKAOKEY", "ADMINKEY", "KAKAOCLIENT", "FACEBOOKCLIENT", "DBPASSWORD")
NOWHERE = "http://127.0.0.1:1"
BROKEN = "a server that answers 502"
"""Stands for the URL of one, which the test starts; libraries log the URLs, and with them the token."""
DATABASE = "postgresql://evauser:DBPASSWORDxyz@127.0.0.1:1/eva"
RUN_SECONDS = 120.0
"""Time for a command to end by itself, or to log what is wrong."""
LOGGED = ("telegram_unreachable", "database_unreachable")
"""What a server logs that goes on without Telegram, or waits for the database."""

CASES: dict[str, tuple[list[str], dict[str, str]]] = {
    "Telegram is broken": (["run", "--port", "0", "--polling"], {"EVA_TELEGRAM_API_URL": BROKEN}),
    "the database is away": (["run", "--port", "0"], {"DATABASE_URL": DATABASE}),
    "a worker without database": (["worker"], {"DATABASE_URL": DATABASE}),
    "migrations without database": (["migrate", "up"], {"DATABASE_URL": DATABASE}),
    "setup without Telegram": (["telegram", "setup"], {}),
    "setup with an odd URL": (["telegram", "setup"], {"EVA_TELEGRAM_API_URL": f"{NOWHERE}/ bad"}),
    "a database URL that is none": (["run", "--port", "0"], {"DATABASE_URL": "postgresql://u:DBPASSWORDxyz@[/eva"}),
    "secrets of the wrong form": (
        ["run", "--port", "0"],
        {"EVA_SECRET_KEY": "SECRETKEYshort", "EVA_TELEGRAM_WEBHOOK_SECRET": "HOOKSECRET!"},
    ),
    "a doctor": (["doctor"], {"DATABASE_URL": DATABASE}),
}


LOGGING = ("Telegram is broken", "the database is away")
"""Cases that log; the log of development has another form."""


@pytest.mark.parametrize(
    ("case", "environment_name"),
    [*((case, "production") for case in CASES), *((case, "development") for case in LOGGING)],
)
def test_output_contains_no_secret(
    case: str,
    environment_name: str,
    environment: dict[str, str],
    public: Path,
    cluster: Path,
) -> None:
    arguments, more = CASES[case]
    if "DATABASE_URL" not in more:
        copy_cluster(cluster, public / "eva")
    with LocalServer(Starlette(exception_handlers={404: _answer_502})) as server:
        more = {name: server.url if value == BROKEN else value for name, value in more.items()}
        output = _run(arguments, environment | SECRETS | _settings(public, environment_name) | more, public)
    assert output.strip(), "it says what is wrong"
    assert not [word for word in WORDS if word in output], output
    if BROKEN not in CASES[case][1].values():  # python-telegram-bot logs one, with the answer that it cannot read
        assert "Traceback" not in output, output


async def _answer_502(request: Request, error: Exception) -> Response:
    return PlainTextResponse(f"cannot reach {request.url}", 502)


def _settings(folder: Path, environment_name: str) -> dict[str, str]:
    return {
        "PYTHONPATH": str(ROOT),
        "EVA_ENV": environment_name,
        "EVA_ENGINE": "litert",
        "EVA_DATA_DIR": str(folder / "eva"),
        "EVA_TELEGRAM_API_URL": NOWHERE,
        "EVA_PUBLIC_URL": "http://127.0.0.1:8000",
    }


def _run(arguments: list[str], environment: dict[str, str], folder: Path) -> str:
    """What a command prints until it ends, or is interrupted after some seconds."""
    with (folder / "output").open("w+b") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "eva", *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            deadline = time.monotonic() + RUN_SECONDS
            while process.poll() is None and time.monotonic() < deadline:
                logged = (folder / "output").read_text(errors="replace")
                if any(event in logged for event in LOGGED):
                    break
                time.sleep(0.2)
            process.send_signal(signal.SIGINT)
            process.wait(60)
        finally:
            process.kill()
            process.wait()
        output.seek(0)
        return output.read().decode(errors="replace")
