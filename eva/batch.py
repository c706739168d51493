"""Judging many files in parallel."""

import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from core.conversation.narration import error_message
from core.errors import PhotoError
from core.i18n.translations import Language, translate
from core.images.decoding import MAX_BYTES, decode_photo
from core.images.formats import has_photo_suffix
from core.runtime import available_cpus
from core.services.heatmaps import encode_heatmap_jpeg
from core.vision.attributes import Attributes, DetectedAttribute, Reason
from core.vision.classifier import StyleClassifier
from core.vision.verdict import ConfidenceBand, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedFile:
    """A file with its verdict."""

    photo: Path
    verdict: Verdict
    timings_ms: dict[str, float]
    """Milliseconds spent in `decode`, `forward`, `cam` (if a heatmap was written) and in `total`."""

    def to_json(self) -> dict[str, Any]:
        """The line that `eva judge --json` prints."""
        verdict = self.verdict
        return {
            "photo": str(self.photo),
            "style": verdict.style,
            "probabilities": {style: round(share, 4) for style, share in verdict.probabilities.items()},
            "outfit": round(verdict.outfit_probability, 4),
            "band": verdict.band,
            "region": {
                "height": verdict.region.vertical,
                "side": verdict.region.horizontal,
                "concentration": round(verdict.region.concentration, 3),
            },
            **describe_attributes(verdict.attributes),
            "model": verdict.model,
            "ms": self.timings_ms,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedFile:
    """A file that could not be judged."""

    photo: Path
    error: str
    """Name of the exception."""
    message: str
    """Explanation for a person."""

    def to_json(self) -> dict[str, Any]:
        """The line that `eva judge --json` prints."""
        return {"photo": str(self.photo), "error": self.error, "message": self.message}


def describe_attributes(attributes: Attributes | None) -> dict[str, Any]:
    """What is worn as JSON values; lists without entries if the model does not know it, or sees nothing."""
    return {
        "seen": [_describe_seen(seen) for seen in attributes.seen] if attributes else [],
        "colours": [_describe_seen(seen) for seen in attributes.colors] if attributes else [],
        "main_colour": attributes.main_color if attributes else None,
        "reasons": [_describe_reason(reason) for reason in attributes.reasons] if attributes else [],
        "swap": asdict(attributes.swap) if attributes and attributes.swap else None,
    }


def _describe_seen(seen: DetectedAttribute) -> dict[str, Any]:
    return {"code": seen.thing, "probability": round(seen.probability, 4), "on": seen.worn_on}


def _describe_reason(reason: Reason) -> dict[str, Any]:
    return {
        "style": reason.style,
        "code": reason.thing,
        "share": round(reason.share, 4),
        "log_odds": round(reason.log_odds, 2),
    }


def find_photos(paths: Iterable[Path]) -> tuple[list[tuple[Path, Path]], list[Path]]:
    """Find photos in files and folders.

    Folders are walked in sorted order, without hidden files and folders.

    Returns:
        Each photo with its path relative to the folder that was given, or its name for a file; and the files of folders
        that are no photos, relative to their folder.
    """
    photos: list[tuple[Path, Path]] = []
    skipped: list[Path] = []
    for path in paths:
        if not path.is_dir():
            photos.append((path, Path(path.name)))
            continue
        for file in sorted(path.rglob("*")):
            relative = file.relative_to(path)
            if not file.is_file() or any(part.startswith(".") for part in relative.parts):
                continue
            if has_photo_suffix(file.name):
                photos.append((file, relative))
            else:
                skipped.append(relative)
    return photos, skipped


def judge_files(
    photos: Sequence[tuple[Path, Path]], classifier: StyleClassifier, language: Language, heatmap_folder: Path | None
) -> Iterator[JudgedFile | FailedFile]:
    """Judge photos on all processors; results are in the order of the photos.

    Args:
        photos: photos and their relative paths, from `find_photos`.
        classifier: the model.
        language: language of messages about photos that cannot be judged.
        heatmap_folder: folder for heatmaps, of photos with an outfit; None writes none.

    Raises:
        ModelError: the model cannot be used.
        OSError: a heatmap cannot be written.
    """
    relative_paths = [relative for _, relative in photos]
    targets = _heatmap_paths(relative_paths, heatmap_folder) if heatmap_folder else [None] * len(photos)

    def judge(photo: Path, target: Path | None) -> JudgedFile | FailedFile:
        started = time.perf_counter()
        try:
            data = read_file(photo)
        except OSError as error:
            key = "cli.judge.missing" if isinstance(error, FileNotFoundError) else "cli.judge.unreadable"
            message = translate(key, language)
            return FailedFile(photo=photo, error=type(error).__name__, message=message)
        try:
            image = decode_photo(data)
        except PhotoError as error:
            return FailedFile(photo=photo, error=type(error).__name__, message=error_message(error, language))
        timestamps = [started, time.perf_counter()]
        verdict = classifier.classify(image)
        timestamps.append(time.perf_counter())
        if target is not None and verdict.band is not ConfidenceBand.NOT_AN_OUTFIT:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(encode_heatmap_jpeg(image, verdict, language))
            timestamps.append(time.perf_counter())
        return JudgedFile(photo=photo, verdict=verdict, timings_ms=_step_durations_ms(timestamps))

    # One thread more than processors reads its file while the others compute.
    with ThreadPoolExecutor(available_cpus() + 1) as pool:
        yield from pool.map(judge, [photo for photo, _ in photos], targets)


def read_file(path: Path) -> bytes:
    """Read a file, at most one byte more than a photo may have.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _step_durations_ms(timestamps: Sequence[float]) -> dict[str, float]:
    steps = zip(("decode", "forward", "cam"), pairwise(timestamps), strict=False)
    durations = {name: round(1000 * (end - start), 1) for name, (start, end) in steps}
    return durations | {"total": round(1000 * (timestamps[-1] - timestamps[0]), 1)}


def _heatmap_paths(relative_paths: Sequence[Path], folder: Path) -> list[Path | None]:
    """A path for each heatmap: the photo's with the suffix `.cam.jpg`, numbered if two would be equal."""
    taken: set[Path] = set()
    targets: list[Path | None] = []
    for relative in relative_paths:
        target, number = folder / relative.with_suffix(".cam.jpg"), 2
        while target in taken:
            target = folder / relative.with_name(f"{relative.stem}-{number}.cam.jpg")
            number += 1
        taken.add(target)
        targets.append(target)
    return targets
