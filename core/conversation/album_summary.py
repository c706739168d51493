"""Albums: several photos that get one reply. Each keeps the number of its place in the message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from core.conversation.narration import error_message, format_percent, style_name
from core.conversation.smalltalk import UnsupportedMedia, unsupported_media_reply
from core.conversation.worn_details import compare_sentences
from core.errors import EvaError
from core.i18n.translations import Language, translate
from core.vision.verdict import ConfidenceBand, Verdict

MAX_ALBUM_PHOTOS = 10
"""The most photos that get one reply, on every channel; an album of Telegram and the plugin of KakaoTalk hold as
many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlbumPhoto:
    """One photo of an album: its verdict, or why there is none."""

    number: int
    """Its place in the message, from 1, whatever happened to the others."""
    verdict: Verdict | None = None
    look_id: UUID | None = None
    """The look; the same picture sent twice has the same one."""
    failure: EvaError | UnsupportedMedia | None = None
    """Why it could not be judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlbumSummary:
    """What is said about an album before the verdict on one of its photos."""

    best: AlbumPhoto | None
    """The photo to comment on; None if none shows an outfit."""
    text: str


def summarize_album(
    photos: Sequence[AlbumPhoto], language: Language, *, omitted_count: int = 0, chosen: AlbumPhoto | None = None
) -> AlbumSummary:
    """Choose the photo of an album to comment on, and summarize all photos.

    Args:
        photos: at least two, in the order of the message.
        language: language of the summary.
        omitted_count: photos beyond `MAX_ALBUM_PHOTOS`, which were not judged.
        chosen: the photo to comment on; by default the one with the highest confidence.

    Returns:
        The photo, and the text: how many photos were judged, a line for each, what the chosen
        outfit shares with the surest other, and which photos failed for what reason.
    """
    best = chosen or max((photo for photo in photos if has_outfit(photo)), key=_confidence, default=None)
    firsts = _first_of_each_picture(photos)
    is_one_picture = best is not None and len(firsts) == len(photos) and len(set(firsts.values())) == 1
    if chosen is not None and len(firsts) > 1 and not is_one_picture:
        headline = translate("talk.album.chosen", language, count=len(firsts), total=len(photos), number=chosen.number)
    else:
        headline = _headline(photos, best, is_one_picture=is_one_picture, language=language)
    lines = [headline]
    if best is not None and len(firsts) > 1 and not is_one_picture:
        lines += [_line(photo, firsts[photo.number], language) for photo in photos if photo.number in firsts]
    lines += _comparison(photos, best, firsts, language)
    lines += _failures(photos, language)
    if omitted_count:
        lines.append(translate("talk.album.limit", language, limit=MAX_ALBUM_PHOTOS, count=omitted_count))
    return AlbumSummary(best=best, text="\n".join(lines))


def has_outfit(photo: AlbumPhoto) -> bool:
    """Whether there is a verdict on an outfit."""
    return photo.verdict is not None and photo.verdict.band is not ConfidenceBand.NOT_AN_OUTFIT


def _confidence(photo: AlbumPhoto) -> float:
    return 0.0 if photo.verdict is None else photo.verdict.confidence


def _first_of_each_picture(photos: Sequence[AlbumPhoto]) -> dict[int, int]:
    """For the number of each judged photo, the number of the first photo with the same picture."""
    numbers: dict[UUID, int] = {}
    return {
        photo.number: photo.number if photo.look_id is None else numbers.setdefault(photo.look_id, photo.number)
        for photo in photos
        if photo.verdict is not None
    }


def _headline(
    photos: Sequence[AlbumPhoto], best: AlbumPhoto | None, *, is_one_picture: bool, language: Language
) -> str:
    total, count = len(photos), sum(photo.verdict is not None for photo in photos)
    number = None if best is None else best.number
    if count == 0:
        key = "talk.album.none"
    elif best is None:
        key = "talk.album.nothing" if count == total else "talk.album.part.nothing"
    elif is_one_picture:
        key = "talk.album.one_picture"
    elif count == total:
        key = "talk.album.two" if total == 2 else "talk.album"
    else:
        key = "talk.album.part.one" if count == 1 else "talk.album.part"
    return translate(key, language, total=total, count=count, number=number)


def _line(photo: AlbumPhoto, first: int, language: Language) -> str:
    if first != photo.number:
        return translate("talk.album.same", language, number=photo.number, first=first)
    if photo.verdict is None or not has_outfit(photo):
        return translate("talk.album.no_outfit", language, number=photo.number)
    style, share = style_name(photo.verdict.style, language), format_percent(photo.verdict.confidence)
    return translate("talk.album.line", language, number=photo.number, style=style, percent=share)


def _comparison(
    photos: Sequence[AlbumPhoto], best: AlbumPhoto | None, firsts: Mapping[int, int], language: Language
) -> list[str]:
    """What the chosen outfit has in common with the surest of the others, and what is only in the chosen one."""
    if best is None or best.verdict is None:
        return []
    pictures = {number for number in firsts.values() if number != firsts[best.number]}
    others = [photo for photo in photos if has_outfit(photo) and photo.number in pictures]
    other = max(others, key=_confidence, default=None)
    if other is None or other.verdict is None:
        return []
    numbers = best.number, other.number
    # In a larger album "both" and "the second one" may be read as other photos, or as one that was deleted.
    return compare_sentences(best.verdict, other.verdict, numbers, language, is_pair=len(photos) == 2)


def _failures(photos: Sequence[AlbumPhoto], language: Language) -> list[str]:
    """A line for each reason, with the numbers of its photos."""
    numbers: dict[str, list[str]] = {}
    for photo in photos:
        if photo.failure is not None:
            numbers.setdefault(_reason(photo.failure, language), []).append(
                translate("talk.album.photo", language, number=photo.number)
            )
    return [
        translate("talk.album.failed", language, photos=", ".join(names), reason=reason)
        for reason, names in numbers.items()
    ]


def _reason(failure: EvaError | UnsupportedMedia, language: Language) -> str:
    if isinstance(failure, UnsupportedMedia):
        return unsupported_media_reply(failure, language)
    return error_message(failure, language)
