"""Texts about a verdict, and texts for errors, for every channel.

A verdict becomes a few short messages. They state only what follows from the verdict: the style and its calibrated
probability, the confidence band, where the class activation map (CAM) is warm, and what is worn, as far as the model
knows it and it earned to be a reason. Other comments and tips are about the style. The variant of each text is selected
by a seed: the same seed always gives the same words, two seeds rarely do.

    clear          opening, verdict, evidence, about, tip, closing
    likely         opening, verdict, evidence, runner-up, about, tip, closing
    ambiguous      opening, verdict (both), evidence, about, runner-up, tip (for both), closing; undecided only if the
                   styles are less than 5 points apart
    not an outfit  opening, verdict (none), help, closing
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from core.clothing import Item
from core.errors import (
    CorruptPhotoError,
    DailyLimitError,
    DecoderUnavailableError,
    DecompressionBombError,
    EmptyPhotoError,
    EvaError,
    ForbiddenUrlError,
    InvalidSignatureError,
    LoginError,
    LoginProviderUnavailableError,
    ModelError,
    NotAnImageError,
    PhotoAspectRatioError,
    PhotoError,
    PhotoTooLargeError,
    PhotoTooSmallError,
    RemotePhotoGoneError,
    RemotePhotoUnavailableError,
    TruncatedPhotoError,
)
from core.i18n.clothing_names import join_names, name_seen, thing_name
from core.i18n.translations import Language, VariantSeed, pick_variant, translate, variant_keys
from core.styles import Style
from core.vision.attributes import Attributes
from core.vision.verdict import ConfidenceBand, HorizontalPart, Verdict, VerticalPart

VERY_SURE_THRESHOLD = 0.85
"""Probability in the band `clear` from which the text calls Eva very sure."""
FOCUSED_THRESHOLD = 0.8
"""Concentration from which the evidence counts as a small area: half of the heat lies in a tenth of the image."""

NAMED_PARTS = {VerticalPart.UPPER, VerticalPart.LOWER, HorizontalPart.LEFT, HorizontalPart.RIGHT}
"""Where evidence can be. A word for the middle would be read as a part of the body."""
SMALLEST_SHOWN = 0.005
"""Probability below which a percentage is written as `<1`."""
DETAILED_STYLES = 4
"""Number of the most likely styles whose probabilities the details name."""

ERROR_TEXT_KEYS: dict[type[EvaError], str] = {
    EmptyPhotoError: "error.empty_photo",
    NotAnImageError: "error.not_an_image",
    TruncatedPhotoError: "error.truncated_photo",
    CorruptPhotoError: "error.corrupt_photo",
    DecompressionBombError: "error.decompression_bomb",
    PhotoTooLargeError: "error.photo_too_large",
    PhotoTooSmallError: "error.photo_too_small",
    PhotoAspectRatioError: "error.photo_too_thin",
    PhotoError: "error.photo",
    DecoderUnavailableError: "error.model",
    ModelError: "error.model",
    ForbiddenUrlError: "error.address_refused",
    DailyLimitError: "talk.limit",
    RemotePhotoGoneError: "error.picture_gone",
    RemotePhotoUnavailableError: "error.picture_unreachable",
    InvalidSignatureError: "page.picture_gone",
    LoginError: "error.login",
    LoginProviderUnavailableError: "error.login_unavailable",
    EvaError: "error.any",
}
"""The key of the text for each error class; a missing class uses the text of its base class."""


ADDED_ITEMS = {
    "push.business_casual.1": Item.BLAZER,
    "push.business_casual.2": Item.FLATS,
    "push.business_casual.3": Item.SHIRT,
    "push.ethnic.1": Item.PRINT,
    "push.ethnic.2": Item.EMBROIDERY,
    "push.ethnic.3": Item.SCARF,
    "push.feminine.1": Item.SKIRT,
    "push.feminine.2": Item.SHINY,
    "push.feminine.3": Item.SHIRT,
    "push.girlish.2": Item.RUFFLES,
    "push.girlish.3": Item.KNIT,
    "push.retro.2": Item.PRINT,
    "push.mode.2": Item.KNIT,
    "push.mode.3": Item.COAT,
    "push.casual.1": Item.JEANS,
    "push.casual.2": Item.TSHIRT,
    "push.casual.3": Item.SNEAKERS,
    "push.street.1": Item.HOODIE,
    "push.street.2": Item.SNEAKERS,
    "push.street.3": Item.JACKET,
}
"""The items that the texts name which would add to a style."""


class MessageSlot(StrEnum):
    """The purpose of a message."""

    OPENING = "opening"
    VERDICT = "verdict"
    EVIDENCE = "evidence"
    RUNNER_UP = "runner_up"
    ABOUT = "about"
    TIP = "tip"
    HELP = "help"
    CLOSING = "closing"


WORN_KEYS = {
    MessageSlot.EVIDENCE: "worn.reason",
    MessageSlot.RUNNER_UP: "worn.second",
    MessageSlot.TIP: "worn.tip",
}
"""The keys of the sentences that name what is worn."""
AMBIGUOUS_WORN_KEYS = {MessageSlot.EVIDENCE: "worn.torn", MessageSlot.RUNNER_UP: "worn.rival"}
"""The same for an ambiguous verdict."""
MAX_NAMED = 2
"""Things in one sentence."""
ALL_SLOTS = frozenset(MessageSlot)
PUBLIC_SLOTS = frozenset({MessageSlot.VERDICT, MessageSlot.EVIDENCE, MessageSlot.ABOUT})
"""What strangers may read under a shared look: what was found, where, and a comment on the style. All other messages
speak to the person who sent the photo."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message about a verdict."""

    text: str
    slot: MessageSlot
    needs_picture: bool = False
    """Whether it speaks of marks in the picture, and says nothing without it."""


def verdict_messages(
    verdict: Verdict, *, seed: VariantSeed | str, language: Language, slots: Collection[MessageSlot] = ALL_SLOTS
) -> tuple[Message, ...]:
    """The messages about a verdict, in order.

    Args:
        verdict: the verdict on the photo.
        seed: selects the variants: `Look.variant_seed`, or the hash of the bytes of a photo that is not stored.
        language: language of the messages.
        slots: of the messages.
    """
    values = {
        "style": style_name(verdict.style, language),
        "percent": format_percent(verdict.probabilities[verdict.style]),
    }
    second = {
        "style": style_name(verdict.runner_up, language),
        "percent": format_percent(verdict.probabilities[verdict.runner_up]),
    }
    values |= {"second": second["style"], "second_percent": second["percent"]}
    place = "_".join(part for part in (verdict.region.vertical, verdict.region.horizontal) if part in NAMED_PARTS)
    if place:
        values["place"] = translate(f"place.{place}", language)
    if verdict.band is ConfidenceBand.AMBIGUOUS:
        values["push"] = _addition(verdict, verdict.style, seed, language)
        values["second_push"] = _addition(verdict, verdict.runner_up, seed, language)
    messages, worn = [], verdict.attributes
    for slot, key in _template_keys(verdict, place):
        if slot not in slots:
            continue
        placeholders = second if slot is MessageSlot.RUNNER_UP else values
        text = None if worn is None else worn_sentence(verdict, worn, slot, placeholders, seed, language)
        needs_picture = text is None and slot is MessageSlot.EVIDENCE
        if text is None:
            text = translate(pick_variant(key, seed, language), language, **placeholders)
        messages.append(Message(slot=slot, text=text, needs_picture=needs_picture))
    return tuple(messages)


def public_verdict_messages(verdict: Verdict, *, seed: VariantSeed | str, language: Language) -> tuple[Message, ...]:
    """The messages of `verdict_messages` that do not speak to the owner of the look, in order."""
    return verdict_messages(verdict, seed=seed, language=language, slots=PUBLIC_SLOTS)


def verdict_details(verdict: Verdict, *, seed: VariantSeed | str, language: Language) -> str:
    """The remark on the runner-up of a likely verdict, and a line for each of the most likely styles.

    Args:
        verdict: the verdict on the photo.
        seed: selects the variants, see `verdict_messages`.
        language: language of the text.
    """
    slots = {MessageSlot.RUNNER_UP} if verdict.band is ConfidenceBand.LIKELY else ()
    remarks = verdict_messages(verdict, seed=seed, language=language, slots=slots)
    ranking = sorted(verdict.probabilities, key=lambda style: -verdict.probabilities[style])[:DETAILED_STYLES]
    lines = [
        translate("verdict.details.line", language, style=style_name(style, language), percent=format_percent(share))
        for style in ranking
        for share in [verdict.probabilities[style]]
    ]
    return "\n".join([*(remark.text for remark in remarks), *lines])


def style_comment(style: Style, *, seed: VariantSeed | str, language: Language) -> str:
    """The comment on a style, see `verdict_messages` for the arguments."""
    return translate(pick_variant(f"about.{style}", seed, language), language, style=style_name(style, language))


def error_message(error: EvaError, language: Language) -> str:
    """The sentence for an error: a specific one for each kind of unusable photo, else a general one."""
    key = next(ERROR_TEXT_KEYS[kind] for kind in type(error).__mro__ if kind in ERROR_TEXT_KEYS)
    return translate(key, language, count=error.detail)


@cache
def style_name(style: Style, language: Language) -> str:
    """The name of a style."""
    return translate(f"style.{style}.name", language)


def style_description(style: Style, language: Language) -> str:
    """One line that describes a style."""
    return translate(f"style.{style}.line", language)


def style_lines(styles: Iterable[Style], language: Language) -> list[str]:
    """A line for each style, with its name and its description."""
    return [f"{style_name(style, language)}: {style_description(style, language)}" for style in styles]


def format_percent(probability: float) -> str:
    """A probability from 0 to 1 in percent, without the sign: `<1`, or `1` to `99`.

    Each is rounded on its own, so those of a verdict need not add up to 100. A model is never completely certain.
    """
    return "<1" if probability < SMALLEST_SHOWN else str(max(1, min(99, round(100 * probability))))


def worn_sentence(
    verdict: Verdict,
    attributes: Attributes,
    slot: MessageSlot,
    values: Mapping[str, object],
    seed: VariantSeed | str,
    language: Language,
) -> str | None:
    """The sentence for a slot that names what is worn: what carries the style, or what one exchange would change.

    Args:
        verdict: the verdict on the photo.
        attributes: its own.
        slot: of the message.
        values: for the placeholders.
        seed: selects the variant.
        language: of the sentence.

    Returns:
        None where nothing earned it.
    """
    is_ambiguous = verdict.band is ConfidenceBand.AMBIGUOUS
    if slot is MessageSlot.TIP and (swap := attributes.swap) is not None:
        remove = translate("worn.the", language, thing=thing_name(swap.remove, language))
        add = translate(f"worn.{swap.add}.any", language)
        return translate(pick_variant("worn.swap", seed, language), language, **values, remove=remove, add=add)
    key = (AMBIGUOUS_WORN_KEYS if is_ambiguous else WORN_KEYS).get(slot)
    if key is None:
        return None
    reasons = attributes.seen_for(verdict.style)
    if slot is MessageSlot.TIP:
        # What is advised about a garment is no advice about a color.
        reasons = tuple(reason for reason in reasons if isinstance(reason.thing, Item) or reason.worn_on is not None)
    elif slot is MessageSlot.RUNNER_UP:
        # Only what is on other garments than what carries the first style.
        named = {reason.thing for reason in reasons} | {reason.worn_on for reason in reasons} - {None}
        reasons = tuple(
            reason for reason in attributes.seen_for(verdict.runner_up) if not {reason.thing, reason.worn_on} & named
        )
    names = name_seen(reasons, language)[:MAX_NAMED]
    if not names:
        return None
    things = join_names(names, language)
    return translate(pick_variant(key, seed, language), language, **values, things=things)


def _addition(verdict: Verdict, style: Style, seed: VariantSeed | str, language: Language) -> str:
    """What would add to a style, such as "a blazer"; nothing that is worn already, if there is anything else."""
    first, keys = pick_variant(f"push.{style}", seed, language), variant_keys(f"push.{style}", language)
    worn = () if verdict.attributes is None else (*verdict.attributes.things, *verdict.attributes.told_things)
    others = (key for key in (first, *keys) if ADDED_ITEMS.get(key) not in worn)
    return translate(next(others, first), language)


def _template_keys(verdict: Verdict, place: str) -> tuple[tuple[MessageSlot, str], ...]:
    """The slots of the messages in order, each with the key of its variants.

    Args:
        verdict: the verdict on the photo.
        place: where the evidence is, e.g. `upper_left`; empty if it is all over.
    """
    first, torn = verdict.style, "torn." if verdict.band is ConfidenceBand.AMBIGUOUS else ""
    evidence_key = f"evidence.{torn}{'here' if place else 'everywhere'}"
    if not verdict.cam.any():
        evidence_key = "evidence.cold"
    elif verdict.region.vertical is VerticalPart.MIDDLE:
        evidence_key = f"evidence.{torn}marked"
    elif not torn:
        evidence_key += ".focused" if verdict.region.concentration >= FOCUSED_THRESHOLD else ".wide"
    match verdict.band:
        case ConfidenceBand.NOT_AN_OUTFIT:
            return (
                (MessageSlot.OPENING, "opening.nothing"),
                (MessageSlot.VERDICT, f"refusal.{verdict.refusal}" if verdict.refusal else "verdict.nothing"),
                (MessageSlot.HELP, f"help.{verdict.refusal}" if verdict.refusal else "help"),
                (MessageSlot.CLOSING, "closing.nothing"),
            )
        case ConfidenceBand.AMBIGUOUS:
            is_undecided = verdict.is_too_close
            return (
                (MessageSlot.OPENING, "opening.torn" if is_undecided else "opening.outfit"),
                (MessageSlot.VERDICT, "verdict.torn" if is_undecided else "verdict.ahead"),
                (MessageSlot.EVIDENCE, evidence_key),
                (MessageSlot.ABOUT, f"about.{first}"),
                (MessageSlot.RUNNER_UP, f"about.{verdict.runner_up}"),
                (MessageSlot.TIP, "tip.torn"),
                (MessageSlot.CLOSING, "closing.torn" if is_undecided else "closing.leaning"),
            )
        case ConfidenceBand.LIKELY:
            return (
                (MessageSlot.OPENING, "opening.outfit"),
                (MessageSlot.VERDICT, "verdict.leaning"),
                (MessageSlot.EVIDENCE, evidence_key),
                (MessageSlot.RUNNER_UP, "runner_up"),
                (MessageSlot.ABOUT, f"about.{first}"),
                (MessageSlot.TIP, f"tip.{first}"),
                (MessageSlot.CLOSING, "closing.leaning"),
            )
        case ConfidenceBand.CLEAR:
            is_very_sure = verdict.probabilities[first] >= VERY_SURE_THRESHOLD
            return (
                (MessageSlot.OPENING, "opening.outfit"),
                (MessageSlot.VERDICT, "verdict.sure" if is_very_sure else "verdict.clear"),
                (MessageSlot.EVIDENCE, evidence_key),
                (MessageSlot.ABOUT, f"about.{first}"),
                (MessageSlot.TIP, f"tip.{first}"),
                (MessageSlot.CLOSING, "closing.clear"),
            )
