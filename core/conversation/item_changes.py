"""What a correction changes in a look: what is taken back, and the colors that its owner tells of a garment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from core.clothing import EXCLUSIVE, Color, Item
from core.conversation.garment_kinds import Subject, find_meant, list_meant
from core.conversation.item_corrections import ItemCorrection
from core.conversation.worn_details import UNLIKELY
from core.db.looks import Look
from core.vision.attributes import Attribute, Attributes

RELATED = {Color.NAVY: Color.BLUE, Color.BLUE: Color.NAVY}
"""Colors that the same garment is called by: who denies one of them denies the other that Eva said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemChange:
    """What is stored of a correction, and what the answer names."""

    things: tuple[Attribute, ...] = ()
    """One or two things that are taken back; none if the color of a garment is told for the first time, or again."""
    garment: Item | None = None
    """The garment of which only a property is taken back, or whose color is told."""
    instead: Attribute | None = None
    instead_also: Attribute | None = None
    denied: Mapping[Attribute, Attribute | None] = field(default_factory=dict)
    """What is not worn, each with what is worn instead; the colors of a garment are in `told_colors`."""
    told_colors: Mapping[Item, tuple[Color, ...]] = field(default_factory=dict)
    """The colors of a garment, instead of those that were told before; empty if they are taken back."""

    @property
    def is_taken_back(self) -> bool:
        """Whether the owner takes a correction back."""
        is_named_again = all(self.denied.get(thing) is thing for thing in self.things)
        return self.instead is None and is_named_again and not any(self.told_colors.values())


def find_change(look: Look, correction: ItemCorrection) -> ItemChange | None:
    """What a correction changes, or changed when it was said before; None if nothing that was said is meant.

    Args:
        look: the look that it is about.
        correction: as `find_corrected` returns it.
    """
    garment = _find_told_garment(look, correction)
    if garment is not None:
        return _recolor(look, correction, garment)
    instead, instead_also = _choose_instead(look, correction)
    denied = _list_denied(look, correction)
    if not denied:
        return _take_back_told(look, correction) or _note_unnamed(look, correction)
    return ItemChange(
        things=denied,
        garment=_find_kept(look, correction, denied[0]),
        instead=instead,
        instead_also=instead_also,
        denied={thing: instead or look.item_corrections.get(thing) for thing in denied},
        told_colors=_move_told_colors(look, denied, instead),
    )


def find_corrected(look: Look, correction: ItemCorrection) -> ItemCorrection:
    """The correction of the worn garment that is meant: "my pants aren't blue" is about the jeans.

    Of several, it is the one that has the property. The kind of the garment stays if none of it is worn.
    """
    attributes = look.verdict.attributes
    if attributes is None:
        return correction
    correction = _name_as_seen(attributes, correction)
    subject = correction.of or correction.denied
    if isinstance(subject, Color):
        return _find_colored(look, attributes, correction)
    worn = _list_worn(look, attributes, subject)
    if not correction.properties and not correction.is_garment_kept:
        return _find_contradicted(look, attributes, correction)
    places = (attributes.find_seen(thing) for thing in correction.properties)
    wearing = next((seen.worn_on for seen in places if seen is not None and seen.worn_on in worn), None)
    if wearing is None and not correction.is_garment_kept:
        return correction
    is_said_before = any(thing in look.item_corrections for thing in correction.properties)
    if wearing is None and not is_said_before and isinstance(correction.instead, Color):
        # "They aren't black, they're brown" says that they aren't white, either.
        recolored = _find_recolored(attributes, correction, worn)
        if recolored is not None:
            return recolored
    colored = [garment for garment in worn if garment in look.told_colors]
    repeated = (garment for garment in colored if not set(correction.properties).isdisjoint(look.told_colors[garment]))
    garment = next(repeated, None) or wearing or next(iter((*colored, *worn)), None)
    return correction if garment is None else replace(correction, denied=garment, of=None)


def take_back(look: Look, thing: Attribute | None = None) -> ItemChange | None:
    """The change that takes back what the owner corrected; None if there is nothing, or it is not clear what.

    Args:
        look: the look.
        thing: what is worn after all; by default the one correction of an item, or of the colors of a garment.
    """
    denied = {old: old for old in look.item_corrections if thing in {None, old}}
    colors: dict[Item, tuple[Color, ...]] = {} if thing is not None else dict.fromkeys(look.told_colors, ())
    items = [item for item in denied if isinstance(item, Item)]
    count = len(items) + max(len(colors), len(denied) > len(items))
    return (
        None
        if count != 1
        else ItemChange(things=tuple(denied), garment=next(iter(colors), None), denied=denied, told_colors=colors)
    )


def _name_as_seen(attributes: Attributes, correction: ItemCorrection) -> ItemCorrection:
    """The correction with the color that Eva said: "it's gray, not navy" is about what she called blue."""

    def seen(thing: Attribute) -> Attribute:
        other = RELATED.get(thing) if isinstance(thing, Color) else None
        is_meant = other is not None and attributes.find_seen(thing) is None and attributes.find_seen(other) is not None
        return other if other is not None and is_meant and correction.instead not in {other, thing} else thing

    if correction.instead is correction.denied:
        return correction
    properties = tuple(dict.fromkeys(map(seen, correction.properties)))
    return replace(correction, denied=seen(correction.denied), properties=properties)


def _find_told_garment(look: Look, correction: ItemCorrection) -> Item | None:
    """The worn garment whose color a correction is about; None if it names no garment, or no color."""
    garment, attributes = correction.denied, look.verdict.attributes
    if attributes is None or not correction.is_garment_kept or not isinstance(garment, Item):
        return None
    is_worn = attributes.find_seen(garment) is not None or garment in look.item_corrections.values()
    things = (*correction.properties, *filter(None, (correction.instead, correction.instead_also)))
    return garment if is_worn and all(isinstance(thing, Color) for thing in things) else None


def _recolor(look: Look, correction: ItemCorrection, garment: Item) -> ItemChange | None:
    """The change of the colors of a garment; None if it has the told ones already, or never had the denied ones."""
    colors = tuple(color for color in (correction.instead, correction.instead_also) if isinstance(color, Color))
    attributes, known = look.verdict.attributes, look.told_colors.get(garment, ())
    seen = () if attributes is None else attributes.colors
    own = {color.thing for color in seen if color.worn_on is garment}
    # A told color may be seen on another garment.
    denied = tuple(thing for thing in _list_denied(look, correction) if thing not in known or thing in own)
    related = (RELATED.get(thing) for thing in denied if isinstance(thing, Color))
    denied += tuple(color for color in related if color in own and color not in (*colors, *denied))
    left = colors or tuple(color for color in known if color not in correction.properties)
    replaced = tuple(color for color in known if color not in left)
    is_news = bool(colors) and (bool(known) or not own.issuperset(colors))
    if not denied and not replaced and not is_news:
        return None
    return ItemChange(
        things=denied or replaced,
        garment=garment,
        instead=correction.instead,
        instead_also=correction.instead_also,
        denied={thing: None if colors else look.item_corrections.get(thing) for thing in denied},
        told_colors={} if left == known else {garment: left},
    )


def _take_back_told(look: Look, correction: ItemCorrection) -> ItemChange | None:
    """What a correction changes that takes back what the person told before: "not black, it's navy" after "it's black".

    Where a garment or its property is named, this is about that garment.
    """
    if correction.is_garment_kept or correction.properties:
        return None
    things = tuple(thing for thing in (correction.denied, correction.also) if thing is not None)
    denied = {thing: correction.instead for thing, instead in look.item_corrections.items() if instead in things}
    if not denied:
        return None
    return ItemChange(
        things=tuple(thing for thing in things if thing in look.item_corrections.values()),
        instead=correction.instead,
        instead_also=correction.instead_also,
        denied=denied,
        told_colors=_move_told_colors(look, things, correction.instead),
    )


def _note_unnamed(look: Look, correction: ItemCorrection) -> ItemChange | None:
    """What a correction says of items that Eva thought of and did not name: "not a coat" after "a coat? 69 %".

    Of a word that means something seen, such as trousers for jeans, nothing is noted.
    """
    attributes = look.verdict.attributes
    if attributes is None or correction.is_garment_kept or correction.properties:
        return None
    denied = tuple(
        thing
        for thing in list_meant_things(look, correction)
        if isinstance(thing, Item) and not find_meant(attributes, thing) and attributes.probability(thing) >= UNLIKELY
    )
    instead = correction.instead
    return ItemChange(things=denied, instead=instead, denied=dict.fromkeys(denied, instead)) if denied else None


def _move_told_colors(
    look: Look, things: Sequence[Attribute], instead: Attribute | None
) -> dict[Item, tuple[Color, ...]]:
    """The colors that were told of a garment, for the one that is worn instead."""
    if not isinstance(instead, Item):
        return {}
    garment = next((thing for thing in things if isinstance(thing, Item) and thing in look.told_colors), None)
    return {} if garment is None else {garment: (), instead: look.told_colors[garment]}


def _list_worn(look: Look, attributes: Attributes, subject: Subject) -> tuple[Item, ...]:
    """The garments that a subject means: those that are seen, else those that the person named."""
    named = look.item_corrections.values()
    return find_meant(attributes, subject) or tuple(item for item in list_meant(subject) if item in named)


def _find_colored(look: Look, attributes: Attributes, correction: ItemCorrection) -> ItemCorrection:
    """The correction of the one garment that has a denied color: "not white, it's black" is about the white coat.

    It has the color as Eva saw it or as the person told it. A color that is only denied stays one of the whole look.
    """
    colors = tuple(thing for thing in (correction.denied, correction.also) if thing is not None)
    seen = {found.worn_on for color in colors if (found := attributes.find_seen(color)) is not None}
    named = {garment for garment, known in look.told_colors.items() if not set(colors).isdisjoint(known)}
    if not seen and not named and isinstance(correction.instead, Color):
        # The correction is repeated, or another color is told.
        named = {garment for garment, known in look.told_colors.items() if correction.instead in known}
        if not named and any(look.item_corrections.get(color, color) is None for color in colors):
            named = set(look.told_colors)
    garment = next(iter(seen | named), None) if len(seen | named) == 1 else None
    is_only_denied = bool(seen) and not isinstance(correction.instead, Color)
    if garment is None or garment in look.item_corrections or is_only_denied:
        return correction
    return replace(correction, denied=garment, properties=colors, also=None, is_garment_kept=True)


def _find_recolored(attributes: Attributes, correction: ItemCorrection, worn: Sequence[Item]) -> ItemCorrection | None:
    """The denial of the colors that Eva saw on a garment that has another one according to the person.

    Of two colors that it has, neither is denied. None if she saw the only one as well, or no color there.
    """
    own_colors = {correction.instead, correction.instead_also}
    for garment in worn:
        colors = [seen.thing for seen in attributes.colors if seen.worn_on is garment][:2]
        wrong = tuple(color for color in colors if color not in own_colors)
        if wrong and (correction.instead_also is not None or wrong == tuple(colors)):
            return replace(correction, denied=garment, of=None, properties=wrong)
    return None


def _find_contradicted(look: Look, attributes: Attributes, correction: ItemCorrection) -> ItemCorrection:
    """The denial of what is seen instead of a denied thing, if it is never worn with what the person wears.

    "Not trousers, it's a skirt" takes back the jeans, and so does "it's a skirt".
    """
    denied, instead = correction.denied, correction.instead
    if correction.is_told_item and instead in look.item_corrections.values():
        # It is repeated.
        return replace(correction, denied=next(old for old, new in look.item_corrections.items() if new is instead))
    is_open = instead is not None and not _has_named(look, denied) and attributes.find_seen(instead) is None
    rivals = set().union(*(items for items in EXCLUSIVE if denied in items and instead in items))
    seen = [thing.thing for thing in attributes.seen if thing.thing in rivals]
    return replace(correction, denied=seen[0]) if is_open and len(seen) == 1 else correction


def list_meant_things(look: Look, correction: ItemCorrection) -> tuple[Attribute, ...]:
    """Which of the things in a correction are meant: the first property that Eva said of the garment, else the garment.

    Of two colors both are. Where only a property is denied, the garment itself is not.
    """
    attributes = look.verdict.attributes
    garment, candidates = correction.denied, list[Attribute]()
    is_known = attributes is not None and attributes.find_seen(garment) is not None
    is_known = is_known or garment in look.item_corrections.values() or not correction.is_garment_kept
    places = {None, garment} if is_known else {garment}
    for thing in correction.properties:
        seen = None if attributes is None else attributes.find_seen(thing)
        is_main = seen is None and None in places and attributes is not None and attributes.main_color is thing
        if thing in look.item_corrections or is_main or (seen is not None and seen.worn_on in places):
            candidates.append(thing)
    if candidates:
        are_colors = isinstance(candidates[0], Color)
        alike = [thing for thing in candidates if isinstance(thing, Color) is are_colors]
        return tuple(alike[: 2 if are_colors else 1])
    if correction.is_garment_kept:
        return ()
    return tuple(thing for thing in (correction.denied, correction.also) if thing is not None)


def _list_denied(look: Look, correction: ItemCorrection) -> tuple[Attribute, ...]:
    """The meant things that Eva named."""
    return tuple(thing for thing in list_meant_things(look, correction) if _has_named(look, thing))


def _has_named(look: Look, thing: Attribute) -> bool:
    """Whether Eva named a thing in this look, taken back or not."""
    attributes = look.verdict.attributes
    return thing in look.item_corrections or (attributes is not None and attributes.names(thing))


def _choose_instead(look: Look, correction: ItemCorrection) -> tuple[Attribute | None, Attribute | None]:
    """What is worn instead, first what Eva did not see: of two colors one is stored."""
    instead, also = correction.instead, correction.instead_also
    attributes = look.verdict.attributes
    is_first_seen = attributes is not None and instead is not None and attributes.find_seen(instead) is not None
    return (also, instead) if also is not None and is_first_seen else (instead, also)


def _find_kept(look: Look, correction: ItemCorrection, denied: Attribute) -> Item | None:
    """The seen garment of which only a property is denied."""
    garment, attributes = correction.denied, look.verdict.attributes
    is_seen = attributes is not None and attributes.find_seen(garment) is not None
    return garment if is_seen and denied in correction.properties and isinstance(garment, Item) else None
