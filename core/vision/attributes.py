"""What is worn according to the network: items and colors, reasons for a style, and what would change it."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.clothing import COLORS, ITEMS, Color, Item
from core.styles import Style

Attribute = Item | Color
"""What is worn. Short names, texts, tables and addresses call it a thing."""
ATTRIBUTES: tuple[Attribute, ...] = (*ITEMS, *COLORS)
ATTRIBUTES_BY_CODE: Mapping[str, Attribute] = {thing.value: thing for thing in ATTRIBUTES}
"""Items and colors by their keys, which all differ."""
WARM_LEVEL = 0.5
"""Value of a thing's map from which a cell belongs to it."""
MAP_LEVELS = 255
"""Largest value of a stored map, one byte a cell."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DetectedAttribute:
    """An item or a color whose probability is over its threshold."""

    thing: Attribute
    probability: float
    """Calibrated, 0 to 1."""
    cam: NDArray[np.float32]
    """Its positive evidence over the image alone: rows x columns, maximum 1; all 0 if its place is not known."""
    worn_on: Item | None = None
    """Of a pattern, a material, a cut or a color: the seen garment whose evidence lies in the same place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A seen thing that carries a style."""

    style: Style
    thing: Attribute
    share: float
    """Share, 0 to 1, of the style's positive evidence where the thing's map is warm. Shares of two things overlap."""
    log_odds: float
    """What the thing says of the style in the training labels, see `core.vision.label_statistics`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """The smallest exchange of one seen item after which the runner-up would be the most probable style."""

    remove: Item
    add: Item
    style: Style
    """The runner-up."""
    probability: float
    """Its probability after the exchange, by the statistics of the training labels, to a thousandth."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Attributes:
    """Everything about what is worn."""

    item_probabilities: Mapping[Item, float]
    """Of all items, calibrated."""
    color_probabilities: Mapping[Color, float]
    """Of all colors, calibrated; several may be likely."""
    seen: tuple[DetectedAttribute, ...]
    """Items over their thresholds, the most probable first."""
    colors: tuple[DetectedAttribute, ...]
    """Colors over their thresholds, the most probable first."""
    main_color: Color | None
    """The most probable color where it is sure enough to be called the main one."""
    reasons: tuple[Reason, ...]
    """For the style and the runner-up, the strongest first."""
    swap: Swap | None
    told_things: tuple[Attribute, ...] = ()
    """What is worn according to the owner of the look, instead of what was taken back; stored with the look."""

    @property
    def things(self) -> tuple[Attribute, ...]:
        """What was seen: the items, the most probable first, and then the colors."""
        return tuple(seen_thing.thing for seen_thing in (*self.seen, *self.colors))

    @property
    def filter_codes(self) -> list[str]:
        """What the leaderboard is filtered by: what was seen, and each color together with each item."""
        things = self.things
        return [*things, *pair_codes(things)]

    def reasons_for(self, style: Style) -> tuple[Reason, ...]:
        """The reasons for one style, the strongest first."""
        return tuple(reason for reason in self.reasons if reason.style is style)

    def seen_for(self, style: Style) -> tuple[DetectedAttribute, ...]:
        """The seen things that carry a style, the strongest first."""
        seen = {seen_thing.thing: seen_thing for seen_thing in (*self.seen, *self.colors)}
        return tuple(seen[reason.thing] for reason in self.reasons if reason.style is style and reason.thing in seen)

    def without(self, denied: Attribute, instead: Attribute | None = None) -> "Attributes":
        """The same without what is not worn according to the person.

        Args:
            denied: what is not said any more. What was on it stays, on its own.
            instead: what is worn according to the person, so that it is not suggested.
        """

        def keep(seen: tuple[DetectedAttribute, ...]) -> tuple[DetectedAttribute, ...]:
            remaining = (seen_thing for seen_thing in seen if seen_thing.thing is not denied)
            return tuple(
                replace(seen_thing, worn_on=None) if seen_thing.worn_on is denied else seen_thing
                for seen_thing in remaining
            )

        swap = self.swap
        if swap is not None and {swap.remove, swap.add} & {denied, instead}:
            swap = None
        return replace(
            self,
            seen=keep(self.seen),
            colors=keep(self.colors),
            main_color=None if self.main_color is denied else self.main_color,
            reasons=tuple(reason for reason in self.reasons if reason.thing is not denied),
            swap=swap,
        )

    def restored(self, thing: Attribute, worn_on: Item | None = None) -> "Attributes":
        """The same with a thing that had been taken back; where it is in the image is not known any more.

        Args:
            thing: what is said again.
            worn_on: of a color, the garment.
        """
        if self.find_seen(thing) is not None:
            return self
        cam = next((np.zeros_like(seen_thing.cam) for seen_thing in (*self.seen, *self.colors)), np.zeros((1, 1), "f4"))
        found = DetectedAttribute(thing=thing, probability=self.probability(thing), cam=cam, worn_on=worn_on)
        if isinstance(thing, Color):
            return replace(self, colors=_by_probability(*self.colors, found))
        return replace(self, seen=_by_probability(*self.seen, found))

    def find_seen(self, thing: Attribute) -> DetectedAttribute | None:
        """The seen item or color; None if it is below its threshold."""
        return next((seen_thing for seen_thing in (*self.seen, *self.colors) if seen_thing.thing is thing), None)

    def names(self, thing: Attribute) -> bool:
        """Whether the thing is named: it is seen, or it is the main color, which may be one that is not seen."""
        return self.find_seen(thing) is not None or self.main_color is thing

    def probability(self, thing: Attribute) -> float:
        """The probability of an item or a color, seen or not."""
        return self.color_probabilities[thing] if isinstance(thing, Color) else self.item_probabilities[thing]

    def to_dict(self) -> dict[str, Any]:
        """The stored form: JSON values, probabilities to a thousandth, maps in `MAP_LEVELS` levels."""
        columns = next((seen_thing.cam.shape[1] for seen_thing in (*self.seen, *self.colors)), 1)
        return {
            "items": [round(self.item_probabilities[item], 3) for item in ITEMS],
            "colours": [round(self.color_probabilities[color], 3) for color in COLORS],
            "columns": columns,
            "seen": [
                {
                    "code": seen_thing.thing,
                    "probability": round(seen_thing.probability, 3),
                    "worn_on": seen_thing.worn_on,
                    "map": base64.b64encode(np.rint(seen_thing.cam * MAP_LEVELS).astype(np.uint8).tobytes()).decode(
                        "ascii"
                    ),
                }
                for seen_thing in (*self.seen, *self.colors)
            ],
            "main_colour": self.main_color,
            "reasons": [
                [reason.style, reason.thing, round(reason.share, 3), round(reason.log_odds, 2)]
                for reason in self.reasons
            ],
            "swap": None if self.swap is None else asdict(self.swap),
        }

    @staticmethod
    def from_dict(data: Mapping[str, Any], told_things: Iterable[Attribute | None] = ()) -> "Attributes":
        """Parse the stored form.

        Args:
            data: from `to_dict`.
            told_things: what is worn according to the owner of the look; None where they did not say it.

        Raises:
            KeyError, TypeError, ValueError: it is invalid.
        """
        things = []
        for entry in data["seen"]:
            levels = np.frombuffer(base64.b64decode(entry["map"], validate=True), np.uint8).reshape(-1, data["columns"])
            cam = levels.astype(np.float32) / np.float32(MAP_LEVELS)
            cam.setflags(write=False)
            things.append(
                DetectedAttribute(
                    thing=ATTRIBUTES_BY_CODE[entry["code"]],
                    probability=entry["probability"],
                    cam=cam,
                    worn_on=None if entry["worn_on"] is None else Item(entry["worn_on"]),
                )
            )
        swap, main_color = data["swap"], data["main_colour"]
        return Attributes(
            item_probabilities=MappingProxyType(dict(zip(ITEMS, data["items"], strict=True))),
            color_probabilities=MappingProxyType(dict(zip(COLORS, data["colours"], strict=True))),
            seen=tuple(seen_thing for seen_thing in things if isinstance(seen_thing.thing, Item)),
            colors=tuple(seen_thing for seen_thing in things if isinstance(seen_thing.thing, Color)),
            main_color=None if main_color is None else Color(main_color),
            reasons=tuple(
                Reason(style=Style(style), thing=ATTRIBUTES_BY_CODE[thing], share=share, log_odds=log_odds)
                for style, thing, share, log_odds in data["reasons"]
            ),
            swap=None
            if swap is None
            else Swap(
                remove=Item(swap["remove"]),
                add=Item(swap["add"]),
                style=Style(swap["style"]),
                probability=swap["probability"],
            ),
            told_things=tuple(thing for thing in told_things if thing is not None),
        )


def _by_probability(*things: DetectedAttribute) -> tuple[DetectedAttribute, ...]:
    return tuple(sorted(things, key=lambda seen_thing: -seen_thing.probability))


def pair_codes(things: Sequence[Attribute]) -> list[str]:
    """A code for each color together with each item among these."""
    colors = [thing for thing in things if isinstance(thing, Color)]
    return [f"{color}+{item}" for item in things if isinstance(item, Item) for color in colors]


def parse_corrections(codes: Mapping[str, str | None]) -> dict[Attribute, Attribute | None]:
    """What is not worn, with what is worn instead, from the codes of `Look.item_corrections`."""
    return {
        ATTRIBUTES_BY_CODE[code]: None if instead is None else ATTRIBUTES_BY_CODE[instead]
        for code, instead in codes.items()
    }


def parse_told_colors(codes: Mapping[str, Sequence[str]]) -> dict[Item, tuple[Color, ...]]:
    """The told colors of garments, from the codes of `Look.told_colors`."""
    return {Item(garment): tuple(Color(color) for color in colors) for garment, colors in codes.items()}
