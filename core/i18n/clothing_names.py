"""The names of items and colors, alone ("leather jacket", "가죽 재킷") and as lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from core.clothing import Color, Item, ItemGroup
from core.i18n.translations import Language, translate
from core.vision.attributes import Attribute, Attributes, DetectedAttribute
from core.vision.verdict import Verdict

PROPERTY_ORDER: dict[Language, tuple[ItemGroup | Item | None, ...]] = {
    Language.EN: (ItemGroup.CUT, Item.LONG, None, ItemGroup.MATERIAL, ItemGroup.PATTERN),
    Language.KO: (ItemGroup.CUT, None, ItemGroup.MATERIAL, ItemGroup.PATTERN, Item.LONG),
}
"""Order of the words before a garment; None is the place of a color."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WholeAttribute:
    """A seen garment with what is on it, or another seen thing."""

    name: str
    """As in "black leather jacket"."""
    seen: DetectedAttribute
    """The jacket."""
    share: float
    """Largest share of the evidence for the style on the jacket, the black or the leather, of those that are reasons; 0
    if none is."""


@cache
def thing_name(thing: Attribute, language: Language) -> str:
    """The name of an item or a color alone."""
    return translate(f"worn.{thing}", language)


def name_with_article(thing: Attribute, language: Language) -> str:
    """The name of an item or a color in a sentence: "the jacket", "the black"."""
    return translate("worn.the", language, thing=thing_name(thing, language))


def color_name(color: Color, language: Language) -> str:
    """The name of a color without a garment: "black", and a word for many colors that stands alone."""
    return translate("worn.multi.alone" if color is Color.MULTI else f"worn.{color}.as", language)


def main_color_text(attributes: Attributes | None, language: Language) -> str:
    """The main color of an outfit, as a note: "Mostly green"; empty if it is not known."""
    if attributes is None or attributes.main_color is None:
        return ""
    return translate("worn.main", language, color=color_name(attributes.main_color, language))


def name_seen(seen: Sequence[DetectedAttribute], language: Language) -> tuple[str, ...]:
    """Names of seen things; patterns, materials, cuts and colors stand before the garment that they are on.

    Args:
        seen: the things, in the order in which they are to be named.
        language: of the names.
    """
    words: dict[Attribute, dict[ItemGroup | Item | None, str]] = {}
    for seen_thing in seen:
        of_garment = words.setdefault(seen_thing.worn_on or seen_thing.thing, {})
        if seen_thing.worn_on is not None:
            # At most one word of each kind.
            kind: ItemGroup | Item | None = None
            if isinstance(seen_thing.thing, Item):
                kind = seen_thing.thing if seen_thing.thing is Item.LONG else seen_thing.thing.group
            of_garment.setdefault(kind, translate(f"worn.{seen_thing.thing}.as", language))
    names = []
    for garment, of_garment in words.items():
        if ItemGroup.MATERIAL in of_garment:
            of_garment.pop(ItemGroup.PATTERN, None)
        if ItemGroup.CUT in of_garment:
            of_garment.pop(Item.LONG, None)
        name = thing_name(garment, language)
        for kind in reversed(PROPERTY_ORDER[language]):
            if kind in of_garment:
                name = translate("worn.on", language, property=of_garment[kind], thing=name)
        names.append(name)
    return tuple(names)


def join_words(words: Sequence[str], language: Language) -> str:
    """Words in a list, at least one; each is named once."""
    *others, last = dict.fromkeys(words)
    return translate("worn.and", language, first=", ".join(others), last=last) if others else last


def join_names(names: Sequence[str], language: Language) -> str:
    """A list in a sentence: "the leather jacket and the boots", "가죽 재킷과 부츠"; at least one name."""
    *others, last = [translate("worn.the", language, thing=name) for name in names]
    return translate("worn.and", language, first=", ".join(others), last=last) if others else last


def name_whole_things(verdict: Verdict, language: Language) -> list[WholeAttribute]:
    """Everything seen, each garment with what is on it; the reasons for the style come first, the strongest first."""
    if (worn := verdict.attributes) is None:
        return []
    shares = {reason.thing: reason.share for reason in worn.reasons if reason.style is verdict.style}
    things = (*worn.seen, *worn.colors)
    for seen_thing in things:
        if seen_thing.worn_on is not None:
            shares[seen_thing.worn_on] = max(shares.get(seen_thing.worn_on, 0.0), shares.get(seen_thing.thing, 0.0))
    whole = sorted(
        (seen_thing for seen_thing in things if seen_thing.worn_on is None),
        key=lambda seen_thing: -shares.get(seen_thing.thing, 0.0),
    )
    names = name_seen((*whole, *(seen_thing for seen_thing in things if seen_thing.worn_on is not None)), language)
    return [
        WholeAttribute(name=name, seen=seen_thing, share=shares.get(seen_thing.thing, 0.0))
        for name, seen_thing in zip(names, whole, strict=False)
    ]
