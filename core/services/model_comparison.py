"""Comparison of a model with the one in use, on recent photos that Eva may learn from (`eva shadow`)."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from anyio import to_thread
from PIL import Image

from core.db import look_feedback
from core.errors import ObjectNotFoundError, PhotoError
from core.resources import Resources
from core.styles import STYLES, Style
from core.vision.classifier import StyleClassifier
from core.vision.verdict import ConfidenceBand, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelComparison:
    """How far two models agree; numbers alone, nothing about a person or a photo."""

    current: str
    """Version of the model in use."""
    candidate: str
    """Version of the other one."""
    photos: int
    """Photos that both judged."""
    missing: int
    """Photos that were deleted meanwhile or cannot be decoded."""
    outfit_changes: int
    """Photos in which exactly one of them sees an outfit."""
    outfits: int
    """Photos in which both see one; the numbers below are about them."""
    same_style: int
    same_band: int
    distance: float
    """Mean total variation distance of the probabilities of the styles, 0 to 1."""
    style_changes: dict[tuple[Style, Style], int]
    """How often the candidate says the second style instead of the first."""
    current_right: int
    """Photos for which the model in use says the style that their owners said."""
    candidate_right: int


async def compare_models(
    resources: Resources,
    current: StyleClassifier,
    candidate: StyleClassifier,
    *,
    limit: int,
    on_photo: Callable[[], None] = lambda: None,
) -> ModelComparison:
    """Judge the latest photos with two models; nothing is stored.

    Only photos are used that people corrected and let Eva learn from, while they exist; others have no consent.
    The agreement is lower on them than on all. Both models get the stored picture, so that their difference is the
    models' alone.

    Args:
        resources: database and storage.
        current: the model in use.
        candidate: the model to compare.
        limit: number of photos, at most.
        on_photo: called after each photo.

    Raises:
        PersistenceError: the database or the storage does not answer.
        ModelError: a model does not work.
    """

    def judge(image: Image.Image) -> tuple[Verdict, Verdict]:
        return current.classify(image), candidate.classify(image)

    async with resources.database.connection() as connection:
        photos = await look_feedback.list_corrected_photos(connection, limit=limit)
    pairs: list[tuple[Style, Verdict, Verdict]] = []
    for photo in photos:
        try:
            data = await resources.storage.get(photo.key)
            image = await to_thread.run_sync(resources.decode_pool.decode_photo, data, limiter=resources.decode_limiter)
        except (ObjectNotFoundError, PhotoError):
            pass
        else:
            verdicts = await to_thread.run_sync(judge, image, limiter=resources.cpu_limiter)
            pairs.append((photo.style, *verdicts))
        on_photo()
    return summarize(current.model_card.version, candidate.model_card.version, pairs, missing=len(photos) - len(pairs))


def summarize(
    current: str, candidate: str, pairs: list[tuple[Style, Verdict, Verdict]], *, missing: int
) -> ModelComparison:
    """Count the agreements.

    Args:
        current: version of the model in use.
        candidate: version of the other one.
        pairs: for each photo the style according to its owner, and both verdicts.
        missing: photos that could not be judged.
    """
    outfits = [pair for pair in pairs if _has_outfit(pair[1]) and _has_outfit(pair[2])]
    distances = [
        sum(abs(first.probabilities[style] - second.probabilities[style]) for style in STYLES) / 2
        for _, first, second in outfits
    ]
    return ModelComparison(
        current=current,
        candidate=candidate,
        photos=len(pairs),
        missing=missing,
        outfit_changes=sum(_has_outfit(first) is not _has_outfit(second) for _, first, second in pairs),
        outfits=len(outfits),
        same_style=sum(first.style is second.style for _, first, second in outfits),
        same_band=sum(first.band is second.band for _, first, second in outfits),
        distance=sum(distances) / len(distances) if distances else 0.0,
        style_changes=dict(
            Counter(
                (first.style, second.style) for _, first, second in outfits if first.style is not second.style
            ).most_common()
        ),
        current_right=sum(style is first.style for style, first, _ in outfits),
        candidate_right=sum(style is second.style for style, _, second in outfits),
    )


def _has_outfit(verdict: Verdict) -> bool:
    return verdict.band is not ConfidenceBand.NOT_AN_OUTFIT
