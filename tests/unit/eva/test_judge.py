import json
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

import eva.judge
from core.clothing import Color, Item
from core.i18n.translations import Language, translate
from core.styles import STYLES, Style
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_ATTRIBUTES_CARD, FAKE_MODEL_CARD, FakeBackend, add_attributes, make_outputs
from tests.unit.eva.conftest import RunCommand

pytestmark = pytest.mark.usefixtures("fixed_verdict")
HANGUL = re.compile("[가-힣]")


def test_ask_prints_messages_probabilities_and_saves_a_heatmap(
    run_command: RunCommand, samples: Path, tmp_path: Path
) -> None:
    result = run_command("ask", samples / "street.jpg")
    assert result.exit_code == 0, result.stderr
    assert re.search(r"Street +72 %", result.stdout)
    assert re.search(r"Casual +18 %", result.stdout)
    with Image.open(tmp_path / "street-eva.jpg") as heatmap, Image.open(samples / "street.jpg") as photo:
        assert heatmap.size == photo.size
        assert heatmap.tobytes() != photo.tobytes()


def test_ask_never_overwrites_a_file_by_default(run_command: RunCommand, samples: Path, tmp_path: Path) -> None:
    existing = tmp_path / "street-eva.jpg"
    existing.write_bytes(b"existing")
    assert run_command("ask", samples / "street.jpg").exit_code == 0
    assert existing.read_bytes() == b"existing"
    assert (tmp_path / "street-eva-2.jpg").exists()


def test_ask_refuses_to_save_over_the_photo(run_command: RunCommand, samples: Path, tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    shutil.copy(samples / "street.jpg", photo)
    result = run_command("ask", photo, "--save", "./photo.jpg")
    assert result.exit_code == 1
    assert translate("cli.not_saved", Language.EN, path="photo.jpg") in result.stderr
    assert photo.read_bytes() == (samples / "street.jpg").read_bytes()


def test_ask_saves_to_a_given_path(run_command: RunCommand, samples: Path, tmp_path: Path) -> None:
    assert run_command("ask", samples / "street.jpg", "--save", "heatmap.jpg").exit_code == 0
    with Image.open(tmp_path / "heatmap.jpg") as heatmap:
        assert heatmap.format == "JPEG"
    result = run_command("ask", samples / "street.jpg", "--save", "missing/heatmap.jpg")
    assert result.exit_code == 1
    assert "missing/heatmap.jpg" in result.stderr


@pytest.mark.parametrize("arguments", [(), ("--save", "heatmap.jpg")])
def test_ask_marks_nothing_on_a_photo_without_an_outfit(
    run_command: RunCommand,
    samples: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
) -> None:
    outputs = make_outputs(Style.STREET, confidence=0.9, outfit=0.02)
    refusing = StyleClassifier(FakeBackend(lambda _: outputs), FAKE_MODEL_CARD)
    monkeypatch.setattr(eva.judge, "_load_classifier", lambda: refusing)
    result = run_command("ask", samples / "astronaut.jpg", *arguments)
    assert result.exit_code == 0
    assert "Street" not in result.stdout
    assert list(tmp_path.iterdir()) == []
    notice = translate("cli.nothing_to_save", Language.EN, path="heatmap.jpg")
    assert (notice in result.stdout) == bool(arguments)


@pytest.mark.parametrize(
    ("arguments", "variables", "is_korean"),
    [
        ((), {"LANG": "ko_KR.UTF-8"}, True),
        ((), {"LANG": "en_US.UTF-8", "LC_ALL": "ko_KR.UTF-8"}, True),
        (("--lang", "en"), {"LANG": "ko_KR.UTF-8"}, False),
        (("--lang", "ko"), {}, True),
        ((), {"LANG": "fr_FR.UTF-8"}, False),
    ],
)
def test_ask_uses_the_language_of_the_option_or_the_terminal(
    run_command: RunCommand, samples: Path, arguments: tuple[str, ...], variables: dict[str, str], is_korean: bool
) -> None:
    assert bool(HANGUL.search(run_command("ask", samples / "street.jpg", *arguments, **variables).stdout)) == is_korean


def test_ask_refuses_an_unsupported_language(run_command: RunCommand, samples: Path) -> None:
    result = run_command("ask", samples / "street.jpg", "--lang", "fr")
    assert result.exit_code == 2
    assert "fr" in result.stderr


@pytest.mark.parametrize(
    ("content", "key"),
    [(b"", "error.empty_photo"), (b"<html>", "error.not_an_image"), (None, "cli.no_such_file")],
)
def test_ask_explains_why_a_file_is_not_a_photo(
    run_command: RunCommand, tmp_path: Path, content: bytes | None, key: str
) -> None:
    if content is not None:
        (tmp_path / "bad.jpg").write_bytes(content)
    result = run_command("ask", "bad.jpg")
    assert result.exit_code == 1
    assert result.stderr.strip() == translate(key, Language.EN, path="bad.jpg")
    assert [path.name for path in tmp_path.iterdir()] == (["bad.jpg"] if content is not None else [])


def test_judge_prints_one_json_line_for_each_photo_in_order(run_command: RunCommand, photos: Path) -> None:
    result = run_command("judge", photos, photos / "a.jpg", "--json")
    assert result.exit_code == 0, result.stderr
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    names = [str(photos / name) for name in ("a.jpg", "b/one.JPG", "c.jpeg", "a.jpg")]
    assert [line["photo"] for line in lines] == names
    for line in lines:
        assert set(line) == {
            *("photo", "style", "probabilities", "outfit", "band", "region", "model", "ms"),
            *("seen", "colours", "main_colour", "reasons", "swap"),
        }
        assert list(line["probabilities"]) == [str(style) for style in STYLES]
        assert sum(line["probabilities"].values()) == pytest.approx(1, abs=1e-3)
        assert line["style"] == "street"
        assert line["probabilities"]["street"] == pytest.approx(0.72)
        assert set(line["ms"]) == {"decode", "forward", "total"}


def test_judge_continues_after_a_photo_that_cannot_be_judged(run_command: RunCommand, photos: Path) -> None:
    (photos / "b" / "broken.png").write_bytes((photos / "a.jpg").read_bytes()[:9000])
    result = run_command("judge", photos, photos / "notes.txt", photos / "missing.jpg", "--json", "--cam", "heatmaps")
    assert result.exit_code == 1
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    errors = {Path(line["photo"]).name: line for line in lines if "error" in line}
    assert len(lines) == 6
    assert {name: line["error"] for name, line in errors.items()} == {
        "broken.png": "TruncatedPhotoError",
        "notes.txt": "NotAnImageError",
        "missing.jpg": "FileNotFoundError",
    }
    assert errors["notes.txt"]["message"] == translate("error.not_an_image", Language.EN)
    assert set(errors["notes.txt"]) == {"photo", "error", "message"}
    folder = photos.parent / "heatmaps"
    written = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.jpg"))
    assert written == ["a.cam.jpg", "b/one.cam.jpg", "c.cam.jpg"]
    with Image.open(folder / "b" / "one.cam.jpg") as heatmap:
        assert heatmap.size == (800, 1200)
    assert "cam" in next(line for line in lines if line["photo"].endswith("a.jpg"))["ms"]


def test_judge_draws_no_heatmap_without_an_outfit(
    run_command: RunCommand, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = make_outputs(Style.STREET, outfit=0.02)
    monkeypatch.setattr(eva.judge, "_load_classifier", lambda: StyleClassifier(FakeBackend([refused]), FAKE_MODEL_CARD))
    result = run_command("judge", samples / "no_outfit.jpg", "--json", "--cam", "heatmaps")
    assert result.exit_code == 0
    data = json.loads(result.stdout)
    assert (data["band"], "cam" in data["ms"]) == ("not_an_outfit", False)
    assert list(Path().rglob("*.cam.jpg")) == []


def test_judge_numbers_heatmaps_of_the_same_name(run_command: RunCommand, photos: Path, samples: Path) -> None:
    arguments = [photos / "a.jpg", samples / "street.jpg", photos / "a.jpg"]
    assert run_command("judge", *arguments, "--cam", "heatmaps").exit_code == 0
    written = sorted(path.name for path in (photos.parent / "heatmaps").iterdir())
    assert written == ["a-2.cam.jpg", "a.cam.jpg", "street.cam.jpg"]


def test_judge_prints_a_table(run_command: RunCommand, photos: Path) -> None:
    result = run_command("judge", photos / "a.jpg", photos / "notes.txt", "missing.jpg")
    assert result.exit_code == 1
    assert re.search(r"a\.jpg +Street +72 % +Casual 18 %", result.stdout)
    assert f"notes.txt: {translate('error.not_an_image', Language.EN)}\n" in result.stdout
    assert f"missing.jpg: {translate('cli.judge.missing', Language.EN)}\n" in result.stdout


def test_judge_names_the_files_of_a_folder_that_it_skips(run_command: RunCommand, tmp_path: Path) -> None:
    folder = tmp_path / "looks" / "more"
    folder.mkdir(parents=True)
    for name in ("notes.txt", ".hidden.txt", "more/movie.mov"):
        (tmp_path / "looks" / name).write_bytes(b"no photo")
    result = run_command("judge", "looks", "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    names = ", ".join(str(Path(name)) for name in ("more/movie.mov", "notes.txt"))
    assert translate("cli.skipped", Language.EN, names=names) in result.stderr
    assert "hidden" not in result.stderr


def test_judge_explains_that_a_folder_has_no_photos(run_command: RunCommand, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = run_command("judge", "empty", "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert translate("cli.no_photos", Language.EN, path="empty") in result.stderr


def test_judge_json_names_what_is_worn(run_command: RunCommand, samples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = make_outputs(Style.STREET, confidence=0.6, second=Style.CASUAL, second_confidence=0.3)
    scripted = add_attributes(outputs, {Item.HOODIE: 0.9, Item.SNEAKERS: 0.8, Color.BLACK: 0.7})
    monkeypatch.setattr(
        eva.judge, "_load_classifier", lambda: StyleClassifier(FakeBackend([scripted]), FAKE_ATTRIBUTES_CARD)
    )

    (line,) = run_command("judge", samples / "street.jpg", "--json").stdout.splitlines()

    data = json.loads(line)
    assert [(each["code"], each["probability"]) for each in data["seen"]] == [("hoodie", 0.9), ("sneakers", 0.8)]
    assert [(each["code"], each["on"]) for each in data["colours"]] == [("black", "hoodie")]
    assert data["main_colour"] == "black"
    assert {"style": "street", "code": "hoodie"}.items() <= data["reasons"][0].items()
    assert data["swap"]["remove"] in {"hoodie", "sneakers"}
    assert data["swap"]["style"] == "casual"


def test_judge_json_of_a_model_without_items(run_command: RunCommand, samples: Path) -> None:
    (line,) = run_command("judge", samples / "street.jpg", "--json").stdout.splitlines()

    data = json.loads(line)
    assert (data["seen"], data["colours"], data["reasons"]) == ([], [], [])
    assert (data["main_colour"], data["swap"]) == (None, None)
