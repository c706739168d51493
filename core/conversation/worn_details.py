"""What is worn in detail: shares of the evidence, probabilities, and what photos of an album have in common.

Something below its threshold is named only as the answer to a question for it, with its probability.
"""

from core.clothing import EXCLUSIVE, GARMENTS, Color, Item
from core.conversation.narration import MAX_NAMED, SMALLEST_SHOWN, format_percent, style_name
from core.i18n.clothing_names import (
    join_names,
    main_color_text,
    name_seen,
    name_whole_things,
    name_with_article,
    thing_name,
)
from core.i18n.translations import Language, VariantSeed, translate, translate_variant
from core.vision.attributes import WARM_LEVEL, Attribute, Attributes, DetectedAttribute
from core.vision.verdict import Verdict

UNLIKELY = 0.2
"""Probability of an item below which Eva says that she does not see it."""


def share_lines(verdict: Verdict, language: Language) -> list[str]:
    """The share of the style's evidence on each seen thing that has any, the largest first; empty if none is placed.

    A garment and what is on it are one line: the black sweatshirt, with the larger of both shares, which overlap. What
    is a reason for the runner-up alone is left out, since the verdict says so.
    """
    total = float(verdict.cam.sum())
    if verdict.attributes is None or total == 0:
        return []
    own = {reason.thing for reason in verdict.attributes.reasons_for(verdict.style)}
    against = {reason.thing for reason in verdict.attributes.reasons_for(verdict.runner_up)} - own
    shares: dict[Attribute, float] = {}
    parts: dict[Attribute, list[DetectedAttribute]] = {}
    for seen in (*verdict.attributes.seen, *verdict.attributes.colors):
        is_warm = seen.cam >= WARM_LEVEL
        if is_warm.any():
            garment = seen.worn_on or seen.thing
            shares[garment] = max(shares.get(garment, 0.0), float(verdict.cam[is_warm].sum()) / total)
            parts.setdefault(garment, []).append(seen)
    lines = [
        translate("worn.why.line", language, thing=name, percent=format_percent(shares[garment]))
        for garment in sorted(shares, key=lambda thing: -shares[thing])
        if shares[garment] >= SMALLEST_SHOWN
        if own.intersection(things := {seen.thing for seen in parts[garment]}) or not against & things
        for name in name_seen(parts[garment], language)
    ]
    return [translate("worn.why", language, style=style_name(verdict.style, language)), *lines] if lines else []


def worn_lines(verdict: Verdict, language: Language) -> list[str]:
    """Each garment with what is on it and its probability, and the main color; empty if none is seen."""
    lines = [
        translate("worn.why.line", language, thing=thing.name, percent=format_percent(thing.seen.probability))
        for thing in name_whole_things(verdict, language)
    ]
    if not lines:
        return []
    main_color = main_color_text(verdict.attributes, language)
    return [translate("worn.seen", language), *lines, *([main_color] if main_color else [])]


def seen_lines(attributes: Attributes, language: Language) -> list[str]:
    """Each seen item and color alone, with its own probability, and the main color."""
    lines = [
        translate(
            "worn.line", language, thing=thing_name(seen.thing, language), percent=format_percent(seen.probability)
        )
        for seen in (*attributes.seen, *attributes.colors)
    ]
    main_color = main_color_text(attributes, language)
    return [*lines, main_color] if main_color else lines


def probability_sentences(
    attributes: Attributes | None,
    thing: Attribute,
    garment: Item | None,
    *,
    seed: VariantSeed,
    language: Language,
    also: Attribute | None = None,
) -> list[str]:
    """How likely an item or a color is, whether or not it was named; and what is seen in its place, if it was not.

    Args:
        attributes: of the verdict; None if single things are not known.
        thing: the item or color.
        garment: what it is said to be on, if anything: asked for a leather jacket, the jacket comes first, and without
            a jacket there is nothing to say about leather.
        seed: selects the words.
        language: of the sentences.
        also: what was asked about together with the thing.
    """
    if attributes is None:
        return [translate_variant("worn.check.unknown", seed, language)]
    things = [thing] if also is None else [thing, also]
    if garment is not None:
        things = [garment, *things] if attributes.find_seen(garment) is not None else [garment]
    keys = []
    places: list[Item | None] = []
    for named in things:
        seen = attributes.find_seen(named)
        is_property = isinstance(named, Color) or not named.is_worn_alone
        is_placed = seen is None or garment is None or not is_property or seen.worn_on is garment
        places.append(None if seen is None or is_placed else seen.worn_on)
        if seen is not None and not is_placed:
            keys.append("worn.check.somewhere" if seen.worn_on is None else "worn.check.elsewhere")
        elif seen is not None:
            keys.append("worn.check.seen")
        elif attributes.names(named):
            keys.append("worn.check.main")
        else:
            keys.append("worn.check.unlikely" if attributes.probability(named) < UNLIKELY else "worn.check.doubt")
    # Of a seen garment it is the color that may be another one.
    first = 1 if isinstance(thing, Color) and len(things) > 1 and things[0] is garment else 0
    is_named = not {"worn.check.seen", "worn.check.main"}.isdisjoint(keys[first:])
    if not is_named and (rival := find_rival(attributes, things[first], garment)) is not None:
        things.append(rival)
        keys.append("worn.check.rival")
        places.append(None)
    sentences = []
    for turn, (named, key, place) in enumerate(zip(things, keys, places, strict=True), seed.turn):
        name = name_with_article(named, language)
        percent = format_percent(attributes.probability(named))
        where = {} if place is None else {"place": name_with_article(place, language)}
        turn_seed = VariantSeed(seed.name, turn)
        sentences.append(translate_variant(key, turn_seed, language, thing=name, percent=percent, **where))
    return sentences


def find_rival(attributes: Attributes, thing: Attribute, garment: Item | None = None) -> Attribute | None:
    """What is seen in the place of a thing that is not: the sneakers where heels were asked for.

    Of a garment's color it is a color that is on this garment: where another one is, is not known.
    """
    if isinstance(thing, Color):
        colors = (seen for seen in attributes.colors if garment in {None, seen.worn_on})
        return next((seen.thing for seen in colors), None)
    rivals = {*(item for item in GARMENTS if item.group is thing.group)}.union(
        *(items for items in EXCLUSIVE if thing in items)
    )
    return next((seen.thing for seen in attributes.seen if seen.thing in rivals), None)


def compare_sentences(
    first: Verdict, second: Verdict, numbers: tuple[int, int], language: Language, *, is_pair: bool
) -> list[str]:
    """What two photos of an album have in common, and what is only in the first.

    Args:
        first: the verdict on the chosen photo.
        second: the verdict on another one.
        numbers: of both photos, from 1; they select the frames, too.
        language: of the sentences.
        is_pair: whether the album shows no other outfit, so that the two need no numbers.
    """
    if first.attributes is None or second.attributes is None:
        return []
    in_second = {(seen.thing, seen.worn_on) for seen in (*second.attributes.seen, *second.attributes.colors)}
    both = [
        seen
        for seen in (*first.attributes.seen, *first.attributes.colors)
        if (seen.thing, seen.worn_on) in in_second and (seen.worn_on is not None or _is_worn_alone(seen))
    ]
    garments = {seen.thing for seen in both if seen.worn_on is None}
    common = [seen for seen in both if seen.worn_on is None or seen.worn_on in garments]
    others = set(second.attributes.things)
    reasons = [seen for seen in first.attributes.seen_for(first.style) if seen.thing not in others]
    deciding = [seen for seen in reasons if isinstance(seen.thing, Item)]
    seed = f"{numbers} {[seen.thing for seen in (*common, *deciding)]}"
    sentences = []
    shared_key = "worn.album.both" if is_pair else "worn.album.shared"
    for key, things in ((shared_key, common), ("worn.album.decides", deciding)):
        if names := name_seen(things, language)[:MAX_NAMED]:
            values = {"things": join_names(names, language), "number": numbers[0], "other": numbers[1]}
            sentences.append(translate_variant(key, seed, language, **values))
    return sentences


def _is_worn_alone(seen: DetectedAttribute) -> bool:
    return isinstance(seen.thing, Item) and seen.thing.is_worn_alone
