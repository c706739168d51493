"""What is worn in detail: shares of the reasons, probabilities, and what photos of an album have in common.

Something below its threshold is named only as the answer to a question for it, with its probability.
"""

from core.clothing import Item
from core.conversation.narration import MAX_NAMED, format_percent, style_name
from core.i18n.clothing_names import join_names, name_seen, thing_name
from core.i18n.translations import Language, translate
from core.vision.attributes import Attributes, SeenThing, Thing
from core.vision.verdict import Verdict

UNLIKELY = 0.2
"""Probability of an item below which Eva says that she does not see it."""


def share_lines(verdict: Verdict, language: Language) -> list[str]:
    """The reasons for the style with their shares of the evidence; empty if there is none.

    A garment and what is on it are one line: the black sweatshirt, with the larger of both shares, which overlap.
    """
    if verdict.attributes is None:
        return []
    shares: dict[Thing, float] = {}
    parts: dict[Thing, list[SeenThing]] = {}
    for reason in verdict.attributes.reasons_for(verdict.style):
        each = verdict.attributes.find_seen(reason.thing)
        if each is not None:
            garment = each.worn_on or each.thing
            shares[garment] = max(shares.get(garment, 0.0), reason.share)
            parts.setdefault(garment, []).append(each)
    lines = []
    for garment, share in shares.items():
        (name,) = name_seen(parts[garment], language)
        values = {"style": style_name(verdict.style, language), "percent": format_percent(share)}
        lines.append(_line("worn.why.line", name, language, **values))
    return [translate("worn.why", language), *lines] if lines else []


def seen_lines(attributes: Attributes, language: Language) -> list[str]:
    """Each seen item and color alone, with its own probability."""
    return [
        _line("worn.line", thing_name(each.thing, language), language, percent=format_percent(each.probability))
        for each in (*attributes.seen, *attributes.colors)
    ]


def probability_sentence(attributes: Attributes | None, thing: Thing, language: Language) -> str:
    """How likely an item or a color is, whether or not it was named."""
    if attributes is None:
        return translate("worn.check.unknown", language)
    probability = attributes.probability(thing)
    name = translate("worn.the", language, thing=thing_name(thing, language))
    if attributes.find_seen(thing) is not None:
        key = "worn.check.seen"
    else:
        key = "worn.check.unlikely" if probability < UNLIKELY else "worn.check.doubt"
    return translate(key, language, thing=name, percent=format_percent(probability))


def _line(key: str, name: str, language: Language, **values: str) -> str:
    return translate(key, language, thing=name, **values)


def compare_sentences(first: Verdict, second: Verdict, number: int, language: Language) -> list[str]:
    """What two photos of an album have in common, and what is only in the one with this number.

    Args:
        first: the verdict on the chosen photo.
        second: the verdict on the other one.
        number: of the chosen photo, from 1.
        language: of the sentences.
    """
    if first.attributes is None or second.attributes is None:
        return []
    others = {each.thing for each in second.attributes.seen}
    common = [each for each in first.attributes.seen if each.thing in others and _is_worn_alone(each)]
    reasons = [each for each in first.attributes.seen_for(first.style) if each.thing not in others]
    deciding = [each for each in reasons if isinstance(each.thing, Item)]
    sentences = []
    for key, things in (("worn.album.both", common), ("worn.album.decides", deciding)):
        if names := name_seen(things, language)[:MAX_NAMED]:
            sentences.append(translate(key, language, things=join_names(names, language), number=number))
    return sentences


def _is_worn_alone(each: SeenThing) -> bool:
    return isinstance(each.thing, Item) and each.thing.is_worn_alone
