"""Sentences that name what is worn, in the messages about a verdict: reasons, tips and the swap.

Nothing is named that is below its threshold.
"""

from collections.abc import Mapping

from core.clothing import Item
from core.i18n.clothing_names import join_names, name_seen, thing_name
from core.i18n.translations import Language, VariantSeed, pick_variant, translate
from core.styles import Style
from core.vision.attributes import Attributes, SeenThing
from core.vision.verdict import Verdict

TIP_KEY = "worn.tip"
MAX_NAMED = 2
"""Things in one sentence."""


def seen_reasons(attributes: Attributes, style: Style) -> tuple[SeenThing, ...]:
    """The seen things that carry a style, the strongest first."""
    found = (attributes.find_seen(reason.thing) for reason in attributes.reasons_for(style))
    return tuple(each for each in found if each is not None)


def own_reasons(verdict: Verdict, style: Style) -> tuple[SeenThing, ...]:
    """The seen things that carry a style; of the runner-up, only those on other garments than the first style's."""
    if verdict.attributes is None:
        return ()
    reasons = seen_reasons(verdict.attributes, style)
    if style is verdict.style:
        return reasons
    first = seen_reasons(verdict.attributes, verdict.style)
    shared = {each.thing for each in first} | {each.worn_on or each.thing for each in first}
    return tuple(each for each in reasons if not {each.thing, each.worn_on} & shared)


def reason_sentence(
    key: str,
    verdict: Verdict,
    style: Style,
    values: Mapping[str, object],
    *,
    seed: VariantSeed | str,
    language: Language,
) -> str | None:
    """A sentence that gives the things that carry a style as its reason; None if nothing does.

    Args:
        key: of the frames: `worn.reason`, `worn.torn`, `worn.second` or `worn.tip`.
        verdict: the verdict on the photo.
        style: the style, or the runner-up.
        values: for the frames: `style` and `percent` of this style.
        seed: selects the frame.
        language: of the sentence.
    """
    reasons = own_reasons(verdict, style)
    if key == TIP_KEY:
        # What is advised about a garment is no advice about a color.
        reasons = tuple(each for each in reasons if isinstance(each.thing, Item) or each.worn_on is not None)
    names = name_seen(reasons, language)[:MAX_NAMED]
    if not names:
        return None
    things = join_names(names, language)
    frame = pick_variant(key, seed, language)
    return translate(frame, language, **values, things=things)


def swap_sentence(
    verdict: Verdict, values: Mapping[str, object], *, seed: VariantSeed | str, language: Language
) -> str | None:
    """What one exchange would change, as a suggestion; None if no single one changes the style.

    Args:
        verdict: the verdict on the photo.
        values: for the frames: `second`, the name of the runner-up.
        seed: selects the frame.
        language: of the sentence.
    """
    if verdict.attributes is None or verdict.attributes.swap is None:
        return None
    swap = verdict.attributes.swap
    remove = translate("worn.the", language, thing=thing_name(swap.remove, language))
    add = translate(f"worn.{swap.add}.any", language)
    frame = pick_variant("worn.swap", seed, language)
    return translate(frame, language, **values, remove=remove, add=add)
