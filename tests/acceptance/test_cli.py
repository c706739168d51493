import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from PIL import Image

from core.i18n.translations import Language, translate
from core.settings import Settings
from core.styles import STYLES
from core.vision.classifier import BUNDLED_MODEL_DIR
from tests.conftest import ROOT, RunEva

HANGUL = re.compile("[가-힣]")


@pytest.fixture
def photos(tmp_path: Path, samples: Path) -> Path:
    """A folder with photos in two levels, a hidden one and a file that is none."""
    folder = tmp_path / "photos"
    (folder / "b").mkdir(parents=True)
    shutil.copy(samples / "street.jpg", folder / "b" / "one.JPG")
    shutil.copy(samples / "ethnic.jpg", folder / "a.jpg")
    shutil.copy(samples / "astronaut.jpg", folder / "c.jpeg")
    shutil.copy(samples / "astronaut.jpg", folder / ".hidden.jpg")
    (folder / "notes.txt").write_text("not a photo")
    return folder


def test_ask_answers_with_words_bars_and_a_heat_picture(eva: RunEva, samples: Path, tmp_path: Path) -> None:
    done = eva("ask", samples / "street.jpg")
    assert done.returncode == 0, done.stderr
    assert "Feminine" in done.stdout
    assert re.search(r"Feminine +70 %", done.stdout)
    with Image.open(tmp_path / "street-eva.jpg") as heat, Image.open(samples / "street.jpg") as photo:
        assert heat.size == photo.size
        assert heat.tobytes() != photo.tobytes()


def test_ask_never_overwrites_what_is_there(eva: RunEva, samples: Path, tmp_path: Path) -> None:
    mine = tmp_path / "street-eva.jpg"
    mine.write_bytes(b"mine")
    assert eva("ask", samples / "street.jpg").returncode == 0
    assert mine.read_bytes() == b"mine"
    assert (tmp_path / "street-eva-2.jpg").exists()


def test_ask_refuses_to_save_onto_the_photo(eva: RunEva, samples: Path, tmp_path: Path) -> None:
    photo = tmp_path / "me.jpg"
    shutil.copy(samples / "street.jpg", photo)
    done = eva("ask", photo, "--save", "./me.jpg")
    assert done.returncode == 1
    assert translate("cli.not_saved", Language.EN, path="me.jpg") in done.stderr
    assert photo.read_bytes() == (samples / "street.jpg").read_bytes()


def test_ask_saves_where_it_is_told(eva: RunEva, samples: Path, tmp_path: Path) -> None:
    assert eva("ask", samples / "street.jpg", "--save", "heat.jpg").returncode == 0
    with Image.open(tmp_path / "heat.jpg") as heat:
        assert heat.format == "JPEG"
    done = eva("ask", samples / "street.jpg", "--save", "nowhere/heat.jpg")
    assert done.returncode == 1
    assert "nowhere/heat.jpg" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "locale", "korean"),
    [
        ((), {"LANG": "ko_KR.UTF-8"}, True),
        ((), {"LANG": "en_US.UTF-8", "LC_ALL": "ko_KR.UTF-8"}, True),
        (("--lang", "en"), {"LANG": "ko_KR.UTF-8"}, False),
        (("--lang", "ko"), {}, True),
        ((), {"LANG": "fr_FR.UTF-8"}, False),
    ],
)
def test_ask_speaks_the_language_of_the_terminal_or_the_one_asked_for(
    eva: RunEva, samples: Path, arguments: tuple[str, ...], locale: dict[str, str], korean: bool
) -> None:
    assert bool(HANGUL.search(eva("ask", samples / "street.jpg", *arguments, **locale).stdout)) == korean


def test_ask_in_a_language_she_does_not_speak(eva: RunEva, samples: Path) -> None:
    done = eva("ask", samples / "street.jpg", "--lang", "fr")
    assert done.returncode == 2
    assert "fr" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("content", "key"),
    [(b"", "error.empty_photo"), (b"<html>", "error.not_an_image"), (None, "cli.no_such_file")],
)
def test_ask_about_something_that_is_no_photo(eva: RunEva, tmp_path: Path, content: bytes | None, key: str) -> None:
    if content is not None:
        (tmp_path / "bad.jpg").write_bytes(content)
    done = eva("ask", "bad.jpg")
    assert done.returncode == 1
    assert done.stderr.strip() == translate(key, Language.EN, path="bad.jpg")
    assert [path.name for path in tmp_path.iterdir()] == (["bad.jpg"] if content is not None else [])


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("speed", ["--fast", None])
def test_ask_shows_bubbles_in_a_terminal(
    environment: dict[str, str], samples: Path, tmp_path: Path, speed: str | None
) -> None:
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "eva", "ask", str(samples / "street.jpg"), *filter(None, [speed])]
    terminal = environment | {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLUMNS": "100"}
    child = subprocess.Popen(command, cwd=tmp_path, env=terminal, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    while True:
        try:
            chunk = os.read(ours, 65536)
        except OSError:
            break
        if not chunk:
            break
        shown += chunk
    os.close(ours)
    assert child.wait(60) == 0
    screen = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    assert "╭" in screen
    assert "70 %" in screen
    growing = re.findall(r"│ (Oh good[^│]*?) *│", screen)
    assert len(set(growing)) == 1 if speed else len(set(growing)) > 10


def test_judge_prints_one_json_line_for_each_photo_in_order(eva: RunEva, photos: Path) -> None:
    done = eva("judge", photos, photos / "a.jpg", "--json")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    names = [str(photos / name) for name in ("a.jpg", "b/one.JPG", "c.jpeg", "a.jpg")]
    assert [line["photo"] for line in lines] == names
    for line in lines:
        assert set(line) == {
            "photo", "style", "probabilities", "outfit", "band", "region", "model", "ms",
        }  # fmt: skip
        assert list(line["probabilities"]) == [str(style) for style in STYLES]
        assert sum(line["probabilities"].values()) == pytest.approx(1, abs=1e-3)
        assert line["style"] == max(line["probabilities"], key=line["probabilities"].get)
        assert set(line["ms"]) == {"decode", "forward", "total"}
    assert lines[0]["probabilities"] == lines[3]["probabilities"]


def test_judge_goes_on_after_a_photo_that_cannot_be_judged(eva: RunEva, photos: Path) -> None:
    (photos / "b" / "broken.png").write_bytes((photos / "a.jpg").read_bytes()[:9000])
    done = eva("judge", photos, photos / "notes.txt", photos / "gone.jpg", "--json", "--cam", "heat")
    assert done.returncode == 1
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    errors = {Path(line["photo"]).name: line for line in lines if "error" in line}
    assert len(lines) == 6
    assert {name: line["error"] for name, line in errors.items()} == {
        "broken.png": "TruncatedPhotoError",
        "notes.txt": "NotAnImageError",
        "gone.jpg": "FileNotFoundError",
    }
    assert errors["notes.txt"]["message"] == translate("error.not_an_image", Language.EN)
    assert set(errors["notes.txt"]) == {"photo", "error", "message"}
    heat = photos.parent / "heat"
    written = sorted(str(path.relative_to(heat)) for path in heat.rglob("*.jpg"))
    assert written == ["a.cam.jpg", "b/one.cam.jpg", "c.cam.jpg"]
    with Image.open(heat / "b" / "one.cam.jpg") as picture:
        assert picture.size == (800, 1200)
    assert "cam" in next(line for line in lines if line["photo"].endswith("a.jpg"))["ms"]


def test_judge_keeps_two_heat_pictures_of_one_name_apart(eva: RunEva, photos: Path, samples: Path) -> None:
    assert eva("judge", photos / "a.jpg", samples / "street.jpg", photos / "a.jpg", "--cam", "heat").returncode == 0
    written = sorted(path.name for path in (photos.parent / "heat").iterdir())
    assert written == ["a-2.cam.jpg", "a.cam.jpg", "street.cam.jpg"]


def test_judge_shows_people_a_table(eva: RunEva, photos: Path) -> None:
    done = eva("judge", photos / "a.jpg", photos / "notes.txt", COLUMNS="200")
    assert done.returncode == 1
    assert re.search(r"a\.jpg +80s Retro +58 % +Business Casual 21 %", done.stdout)
    assert re.search(r"notes\.txt +NotAnImageError", done.stdout)


def test_judge_says_when_a_folder_has_no_photos(eva: RunEva, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = eva("judge", "empty", "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert translate("cli.no_photos", Language.EN, path="empty") in done.stderr


def test_doctor_finds_eva_well_or_says_how_to_mend_her(eva: RunEva, tmp_path: Path) -> None:
    well = eva("doctor", COLUMNS="200")
    assert well.returncode == 0
    assert translate("cli.doctor.scripted", Language.EN) in well.stdout
    assert translate("cli.doctor.telegram.mend", Language.EN) in well.stdout
    assert (
        translate("cli.doctor.kakao.ok", Language.EN) in eva("doctor", EVA_KAKAO_SKILL_KEY="hush", COLUMNS="200").stdout
    )
    ill = eva("doctor", EVA_ENGINE="litert", EVA_MODEL_DIR=str(tmp_path), COLUMNS="300")
    assert ill.returncode == 1
    assert translate("cli.doctor.model.mend", Language.EN) in ill.stdout
    assert "Traceback" not in ill.stderr


def test_a_missing_model_is_said_kindly(eva: RunEva, samples: Path, tmp_path: Path) -> None:
    for command in (["ask", samples / "street.jpg"], ["judge", samples], ["run", "--port", "0"]):
        done = eva(*command, EVA_ENGINE="litert", EVA_MODEL_DIR=str(tmp_path))
        assert done.returncode == 1
        assert translate("error.model", Language.EN) in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.skipif(
    not (BUNDLED_MODEL_DIR / "model.json").exists() and Settings().model_dir is None, reason="no model here"
)
@pytest.mark.parametrize("command", ["ask", "judge", "doctor", "run"])
def test_tensorflow_is_never_loaded_to_judge(
    environment: dict[str, str], samples: Path, tmp_path: Path, command: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        # `run` stops at a taken port, after it has imported everything that it serves with.
        port = taken.getsockname()[1]
        arguments = {
            "ask": [str(samples / "retro.jpg")],
            "judge": [str(samples)],
            "run": ["--port", str(port)],
        }
        script = (
            "import sys, eva\n"
            f"eva.app({[command, *arguments.get(command, [])]!r}, standalone_mode=False)\n"
            "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)\n"
        )
        model_dir = Settings().model_dir
        more = {"EVA_ENGINE": "litert", "EVA_MODEL_DIR": str(model_dir) if model_dir else ""}
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=tmp_path,
            env=environment | {"PYTHONPATH": str(ROOT)} | more,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
    loaded = set(done.stderr.splitlines()[-1].split())
    assert "PIL" in loaded
    assert not loaded & {"tensorflow", "keras", "sklearn", "matplotlib"}


def test_training_without_its_extra_says_what_to_install(environment: dict[str, str], tmp_path: Path) -> None:
    script = (
        "import sys, eva\n"
        "sys.modules['tensorflow'] = None\n"
        f"eva.app(['train', '--data', {str(tmp_path)!r}, '--out', 'run'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.strip() == translate("cli.no_training", Language.EN)


def test_run_says_where_she_is_and_answers_there(environment: dict[str, str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "eva", "run", "--port", "0"]
    variables = environment | {"PYTHONPATH": str(ROOT), "EVA_ENV": "development", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, cwd=tmp_path, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            assert found, line
            with urllib.request.urlopen(f"{found[0]}/readyz", timeout=30) as reply:
                assert json.load(reply)["status"] == "ok"
            server.send_signal(signal.SIGINT)
            _, errors = server.communicate(timeout=60)
        finally:
            server.kill()
    assert server.returncode == 0
    assert "error" not in errors
    assert "Traceback" not in errors


def test_run_on_a_taken_port_says_how_to_choose_another(eva: RunEva) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = eva("run", "--port", str(port))
    assert done.returncode == 1
    assert done.stderr.strip() == translate("cli.port_taken", Language.EN, port=port)


def test_scripted_verdicts_are_refused_in_production(eva: RunEva) -> None:
    done = eva("run", "--port", "0", EVA_ENV="production")
    assert done.returncode == 1
    assert "http://" not in done.stdout
