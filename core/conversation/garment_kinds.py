"""Words for several garments, and what they mean in a look: "the shoes" are the boots, "my pants" the jeans."""

import re
from collections.abc import Mapping
from enum import StrEnum

from core.clothing import OUTERWEAR, Item, ItemGroup
from core.vision.attributes import Attributes


class GarmentKind(StrEnum):
    """Garments that one word means; the value is part of the key of its name, `worn.kind.<value>`."""

    SHOES = "shoes"
    OUTERWEAR = "outerwear"
    TOP = "top"
    BOTTOM = "bottom"
    HEADWEAR = "headwear"
    NECKWEAR = "neckwear"


Subject = Item | GarmentKind
"""What a message is about: a garment, or one of a kind."""
_INNER = (Item.TSHIRT, Item.SHIRT, Item.KNIT, Item.HOODIE, Item.VEST)
_WHOLE = tuple(item for item in Item if item.group is ItemGroup.ONE_PIECE)
_MEANT: Mapping[Subject, tuple[tuple[Item, ...], ...]] = {
    GarmentKind.SHOES: (tuple(item for item in Item if item.group is ItemGroup.SHOES),),
    GarmentKind.OUTERWEAR: (OUTERWEAR, (Item.KNIT, Item.HOODIE, Item.VEST)),
    GarmentKind.TOP: (_INNER, OUTERWEAR, _WHOLE),
    GarmentKind.BOTTOM: (tuple(item for item in Item if item.group is ItemGroup.LOWER), _WHOLE),
    GarmentKind.HEADWEAR: ((Item.HAT,),),
    GarmentKind.NECKWEAR: ((Item.SCARF, Item.TIE),),
    Item.TROUSERS: ((Item.TROUSERS,), (Item.JEANS, Item.SHORTS)),
    Item.JACKET: ((Item.JACKET,), (Item.BLAZER,)),
    Item.SHIRT: ((Item.SHIRT,), (Item.TSHIRT,)),
}
"""What a word may mean, in groups: what is seen of the first one counts. Any other garment means itself."""
_WORDS = {
    GarmentKind.OUTERWEAR: re.compile("outer|겉|외투|아우터|걸[친치]"),
    GarmentKind.SHOES: re.compile(r"\bshoes?\b|footwear|\bfeet\b|\bfoot\b|신발|구두|슈즈|신[은고]|발에"),
    GarmentKind.HEADWEAR: re.compile(r"\bhead|머리|쓴|쓰고"),
    GarmentKind.NECKWEAR: re.compile(r"\bneck|목"),
    GarmentKind.TOP: re.compile(r"\btops?\b|\bupper\b|상의|상체|윗|웃옷|위|안에"),
    GarmentKind.BOTTOM: re.compile(r"\bbottoms?\b|\blower\b|\blegs?\b|하의|하체|아랫|아래|밑|다리"),
}
"""What tells the kind in a normalized part of a message that names one."""
KOREAN_KIND_NAMES = "상의|하의|윗옷|웃옷|윗도리|아랫도리|아랫옷|겉옷|외투|아우터|신발|구두|슈즈"
"""The Korean nouns among them."""


def find_kind(words: str) -> GarmentKind | None:
    """The kind that a normalized part of a message means: "the thing on my head"; None for "the outfit"."""
    return next((kind for kind, pattern in _WORDS.items() if pattern.search(words)), None)


def list_meant(subject: Subject) -> tuple[Item, ...]:
    """Everything that a subject may mean, the likeliest first."""
    return tuple(item for group in _group_meant(subject) for item in group)


def find_meant(attributes: Attributes, subject: Subject) -> tuple[Item, ...]:
    """The seen garments that a subject means, the most probable first; empty if none is seen."""
    seen = [thing.thing for thing in attributes.seen if isinstance(thing.thing, Item)]
    found = (tuple(item for item in seen if item in group) for group in _group_meant(subject))
    return next(filter(None, found), ())


def _group_meant(subject: Subject) -> tuple[tuple[Item, ...], ...]:
    return _MEANT.get(subject, ((subject,),) if isinstance(subject, Item) else ())
