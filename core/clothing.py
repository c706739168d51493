"""What can be seen of an outfit: 42 items and 14 colors, in the order of the network's outputs."""

from enum import StrEnum


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

    TSHIRT = "tshirt"
    SHIRT = "shirt"
    KNIT = "knit"
    HOODIE = "hoodie"
    BLAZER = "blazer"
    JACKET = "jacket"
    COAT = "coat"
    VEST = "vest"
    DRESS = "dress"
    SKIRT = "skirt"
    JEANS = "jeans"
    TROUSERS = "trousers"
    SHORTS = "shorts"
    JUMPSUIT = "jumpsuit"
    TRADITIONAL = "traditional"
    SNEAKERS = "sneakers"
    BOOTS = "boots"
    HEELS = "heels"
    FLATS = "flats"
    HAT = "hat"
    BAG = "bag"
    SCARF = "scarf"
    SUNGLASSES = "sunglasses"
    TIE = "tie"
    BELT = "belt"
    FLORAL = "floral"
    STRIPES = "stripes"
    CHECK = "check"
    DOTS = "dots"
    ANIMAL = "animal"
    PRINT = "print"
    EMBROIDERY = "embroidery"
    DENIM = "denim"
    LEATHER = "leather"
    LACE = "lace"
    FUR = "fur"
    SHINY = "shiny"
    RUFFLES = "ruffles"
    PLEATS = "pleats"
    MINI = "mini"
    """A skirt, dress or shorts clearly above the knee."""
    LONG = "long"
    """A skirt or dress to the calf or the floor."""
    OVERSIZED = "oversized"

    @property
    def group(self) -> ItemGroup:
        """What the item is."""
        return _GROUP_BY_ITEM[self]

    @property
    def is_worn_alone(self) -> bool:
        """Whether the item is a thing of its own, not a property of one."""
        return self.group not in {ItemGroup.PATTERN, ItemGroup.MATERIAL, ItemGroup.CUT}


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

WITH_HEM = frozenset({Item.DRESS, Item.SKIRT, Item.JUMPSUIT})
WORN_PROPERTIES: dict[Item, frozenset[Item]] = {
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
"""On which garments a material or a cut may be; a pattern, and SHINY, may be on every garment but shoes and jeans."""
EXCLUSIVE: tuple[frozenset[Item], ...] = (
    frozenset({Item.JEANS, Item.TROUSERS, Item.SHORTS, Item.SKIRT}),
    frozenset({Item.DRESS, Item.SKIRT}),
    frozenset({Item.DRESS, Item.JUMPSUIT}),
    frozenset({Item.SNEAKERS, Item.BOOTS, Item.HEELS, Item.FLATS}),
    frozenset({Item.MINI, Item.LONG}),
)
"""Items that nobody wears at the same time; the network scores each one alone."""


def may_be_on(thing: Item | Color, garment: Item) -> bool:
    """Whether a pattern, a material, a cut or a color may be said of a garment."""
    if isinstance(thing, Color):
        return True
    if thing in WORN_PROPERTIES:
        return garment in WORN_PROPERTIES[thing]
    return garment is not Item.JEANS and garment.group is not ItemGroup.SHOES


_FIRST_BY_GROUP = {
    Item.TSHIRT: ItemGroup.TOP,
    Item.DRESS: ItemGroup.ONE_PIECE,
    Item.SKIRT: ItemGroup.LOWER,
    Item.JUMPSUIT: ItemGroup.ONE_PIECE,
    Item.SNEAKERS: ItemGroup.SHOES,
    Item.HAT: ItemGroup.EXTRA,
    Item.FLORAL: ItemGroup.PATTERN,
    Item.DENIM: ItemGroup.MATERIAL,
    Item.MINI: ItemGroup.CUT,
}


def _assign_groups() -> dict[Item, ItemGroup]:
    """Items of a group follow each other in the order of the outputs."""
    groups: dict[Item, ItemGroup] = {}
    group = ItemGroup.TOP
    for item in Item:
        group = _FIRST_BY_GROUP.get(item, group)
        groups[item] = group
    return groups


_GROUP_BY_ITEM = _assign_groups()
