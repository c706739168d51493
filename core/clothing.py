"""What can be seen of an outfit: 42 items and 14 colors, in the order of the network's outputs."""

from enum import StrEnum
from typing import Self


class ItemGroup(StrEnum):
    """What an item is; two items of TOP, LOWER or SHOES can take each other's place."""

    TOP = "top"
    ONE_PIECE = "one_piece"
    LOWER = "lower"
    SHOES = "shoes"
    EXTRA = "extra"
    PATTERN = "pattern"
    MATERIAL = "material"
    CUT = "cut"


class Item(StrEnum):
    """A garment, shoes, an extra, a pattern, a material or a cut; the value is its key in files and databases."""

    TSHIRT = "tshirt", ItemGroup.TOP
    SHIRT = "shirt", ItemGroup.TOP
    KNIT = "knit", ItemGroup.TOP
    HOODIE = "hoodie", ItemGroup.TOP
    BLAZER = "blazer", ItemGroup.TOP
    JACKET = "jacket", ItemGroup.TOP
    COAT = "coat", ItemGroup.TOP
    VEST = "vest", ItemGroup.TOP
    DRESS = "dress", ItemGroup.ONE_PIECE
    SKIRT = "skirt", ItemGroup.LOWER
    JEANS = "jeans", ItemGroup.LOWER
    TROUSERS = "trousers", ItemGroup.LOWER
    SHORTS = "shorts", ItemGroup.LOWER
    JUMPSUIT = "jumpsuit", ItemGroup.ONE_PIECE
    TRADITIONAL = "traditional", ItemGroup.ONE_PIECE
    SNEAKERS = "sneakers", ItemGroup.SHOES
    BOOTS = "boots", ItemGroup.SHOES
    HEELS = "heels", ItemGroup.SHOES
    FLATS = "flats", ItemGroup.SHOES
    HAT = "hat", ItemGroup.EXTRA
    BAG = "bag", ItemGroup.EXTRA
    SCARF = "scarf", ItemGroup.EXTRA
    SUNGLASSES = "sunglasses", ItemGroup.EXTRA
    TIE = "tie", ItemGroup.EXTRA
    BELT = "belt", ItemGroup.EXTRA
    FLORAL = "floral", ItemGroup.PATTERN
    STRIPES = "stripes", ItemGroup.PATTERN
    CHECK = "check", ItemGroup.PATTERN
    DOTS = "dots", ItemGroup.PATTERN
    ANIMAL = "animal", ItemGroup.PATTERN
    PRINT = "print", ItemGroup.PATTERN
    EMBROIDERY = "embroidery", ItemGroup.PATTERN
    DENIM = "denim", ItemGroup.MATERIAL
    LEATHER = "leather", ItemGroup.MATERIAL
    LACE = "lace", ItemGroup.MATERIAL
    FUR = "fur", ItemGroup.MATERIAL
    SHINY = "shiny", ItemGroup.MATERIAL
    RUFFLES = "ruffles", ItemGroup.MATERIAL
    PLEATS = "pleats", ItemGroup.MATERIAL
    MINI = "mini", ItemGroup.CUT
    """A skirt, dress or shorts clearly above the knee."""
    LONG = "long", ItemGroup.CUT
    """A skirt or dress to the calf or the floor."""
    OVERSIZED = "oversized", ItemGroup.CUT

    group: ItemGroup
    is_worn_alone: bool
    """Whether the item is a thing of its own, not a property of one."""

    def __new__(cls, value: str, group: ItemGroup = ItemGroup.EXTRA) -> Self:
        """Create a member; the default only lets type checkers accept `Item("boots")`, which finds one by its key."""
        item = str.__new__(cls, value)
        item._value_ = value
        item.group = group
        item.is_worn_alone = group not in {ItemGroup.PATTERN, ItemGroup.MATERIAL, ItemGroup.CUT}
        return item


class Color(StrEnum):
    """A color of the clothes; the value is its key in files and databases."""

    BLACK = "black"
    WHITE = "white"
    GREY = "grey"
    BEIGE = "beige"
    BROWN = "brown"
    RED = "red"
    PINK = "pink"
    ORANGE = "orange"
    YELLOW = "yellow"
    GREEN = "green"
    BLUE = "blue"
    NAVY = "navy"
    PURPLE = "purple"
    MULTI = "multi"
    """So many colors that none is the main one."""


ITEMS: tuple[Item, ...] = tuple(Item)
"""The order of every array over items."""
COLORS: tuple[Color, ...] = tuple(Color)
"""The order of every array over colors."""

OUTERWEAR = (Item.COAT, Item.JACKET, Item.BLAZER)
"""What is worn over another top; what counts first comes first."""
BASE_LAYERS = frozenset({Item.TSHIRT, Item.SHIRT})
"""What is worn under another top."""
WITH_HEM = frozenset({Item.DRESS, Item.SKIRT, Item.JUMPSUIT})
GARMENTS = frozenset(item for item in ITEMS if item.is_worn_alone and item.group is not ItemGroup.EXTRA)
"""Garments and shoes."""
_PATTERNED = GARMENTS - {Item.JEANS, Item.SNEAKERS, Item.BOOTS, Item.HEELS, Item.FLATS}
"""What a pattern may be on, and whatever else is not listed below."""
WORN_PROPERTIES: dict[Item | Color, frozenset[Item]] = {
    **dict.fromkeys(COLORS, GARMENTS),
    **dict.fromkeys((item for item in ITEMS if not item.is_worn_alone), _PATTERNED),
    Item.MINI: frozenset({Item.DRESS, Item.SKIRT, Item.SHORTS}),
    Item.LONG: frozenset({Item.DRESS, Item.SKIRT}),
    Item.PLEATS: WITH_HEM | {Item.TROUSERS, Item.SHORTS},
    Item.RUFFLES: WITH_HEM | {Item.SHIRT, Item.TSHIRT},
    Item.LACE: WITH_HEM | {Item.SHIRT, Item.TSHIRT},
    Item.FUR: frozenset({Item.COAT, Item.JACKET, Item.VEST}),
    Item.LEATHER: WITH_HEM
    | {Item.JACKET, Item.COAT, Item.VEST, Item.TROUSERS, Item.SHORTS, Item.BOOTS, Item.HEELS, Item.FLATS},
    Item.DENIM: WITH_HEM | {Item.JACKET, Item.SHIRT, Item.VEST, Item.SHORTS},
    Item.OVERSIZED: frozenset(
        {Item.TSHIRT, Item.SHIRT, Item.KNIT, Item.HOODIE, Item.BLAZER, Item.JACKET, Item.COAT, Item.DRESS}
    ),
}
"""On which garments a color, a pattern, a material or a cut may be."""
EXCLUSIVE: tuple[frozenset[Item], ...] = (
    frozenset({Item.JEANS, Item.TROUSERS, Item.SHORTS, Item.SKIRT}),
    frozenset({Item.DRESS, Item.SKIRT}),
    frozenset({Item.DRESS, Item.JUMPSUIT}),
    frozenset({Item.SNEAKERS, Item.BOOTS, Item.HEELS, Item.FLATS}),
    frozenset({Item.MINI, Item.LONG}),
)
"""Items that are never worn at the same time; the network scores each one alone."""
