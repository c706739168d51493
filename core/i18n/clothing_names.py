"""The names of items and colors, alone ("leather jacket", "가죽 재킷") and as lists."""

from collections.abc import Iterable, Sequence

from core.clothing import Color, Item, ItemGroup
from core.i18n.translations import Language, translate
from core.vision.attributes import Attributes, SeenThing, Thing
from core.vision.heatmap import MAX_TAGS, Tag

PROPERTY_ORDER = (ItemGroup.CUT, None, ItemGroup.MATERIAL, ItemGroup.PATTERN)
"""Order of the words before a garment; None is the place of a color."""


def thing_name(thing: Thing, language: Language) -> str:
    """The name of an item or a color alone."""
    return translate(f"worn.{thing}", language)


def name_seen(seen: Sequence[SeenThing], language: Language) -> tuple[str, ...]:
    """Names of seen things; patterns, materials, cuts and colors stand before the garment that they are on.

    Args:
        seen: the things, in the order in which they are to be named.
        language: of the names.
    """
    properties: dict[Thing, list[Thing]] = {}
    for each in seen:
        properties.setdefault(each.worn_on or each.thing, [])
        if each.worn_on is not None:
            properties[each.worn_on].append(each.thing)
    return tuple(_name_with(thing, words, language) for thing, words in properties.items())


def join_names(names: Sequence[str], language: Language) -> str:
    """A list in a sentence: "the leather jacket and the boots", "가죽 재킷과 부츠"; at least one name."""
    *others, last = [translate("worn.the", language, thing=name) for name in names]
    return translate("worn.and", language, first=", ".join(others), last=last) if others else last


def name_whole_things(attributes: Attributes, language: Language) -> list[tuple[str, SeenThing]]:
    """Everything seen, each garment with what is on it: ("black leather jacket", the jacket); reasons come first."""
    carrying = {reason.thing for reason in attributes.reasons}
    whole = [each for each in (*attributes.seen, *attributes.colors) if each.worn_on is None]
    whole.sort(key=lambda each: each.thing not in carrying)
    named = []
    for each in whole:
        parts = [part for part in (*attributes.seen, *attributes.colors) if part.worn_on is each.thing]
        (name,) = name_seen((each, *parts), language)
        named.append((name, each))
    return named


def make_tags(attributes: Attributes | None, language: Language) -> list[Tag]:
    """Tags for a heatmap: the items that a model of items sees, those that carry the style first."""
    if attributes is None:
        return []
    items = [pair for pair in name_whole_things(attributes, language) if isinstance(pair[1].thing, Item)]
    return [Tag(text=name, cam=each.cam) for name, each in items[:MAX_TAGS]]


def _name_with(thing: Thing, properties: Iterable[Thing], language: Language) -> str:
    """The name of a thing after at most one word of each kind."""
    by_group: dict[ItemGroup | None, Thing] = {}
    for each in properties:
        by_group.setdefault(None if isinstance(each, Color) else each.group, each)
    if ItemGroup.MATERIAL in by_group:
        by_group.pop(ItemGroup.PATTERN, None)
    name = thing_name(thing, language)
    for group in reversed(PROPERTY_ORDER):
        if group in by_group:
            word = translate(f"worn.{by_group[group]}.as", language)
            name = translate("worn.on", language, property=word, thing=name)
    return name
