"""Macros that are rendered once for many values: what is the same each time is kept, and the rest poured in.

A page shows a dozen cards, and each goes through five macros; but two cards differ in a dozen words. So a macro is
rendered for values that are holes, and what comes out, a mould, is filled with the real ones, which are escaped as the
template would have escaped them. Dataclasses and tuples are gone into; of what they hold

    nothing (None, False, 0, an empty text) and True  are no holes: what differs in them has a mould of its own
    everything else                                   can be written, joined with `~`, asked whether it is there, and
                                                      given to functions that are `deferrable`, such as `t`: they are
                                                      called later, if they must know more than where it is written

A template that does anything else with a hole gets a TypeError when its mould is made, and never a wrong page.
"""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from functools import cache, lru_cache, wraps
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn
from uuid import UUID

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    Find = Callable[[Sequence[object]], object]
    """Finds a value among those that are poured."""

__all__ = ["deferrable", "pour", "pour_each"]

MOULDS = 512
"""Moulds that are kept, some kilobytes each."""
MARK = "\ue000"
"""Stands around a hole's number while a mould is made; a character that is nobody's (Unicode, private use)."""
PLAIN = {str, int, UUID}
"""What most fields are: nothing to go into."""
HOLE = re.compile(f" {MARK}zQ(\\d+){MARK} ")
"""With small and capital letters and spaces, so that filters such as `upper` or `trim` cannot pass it by unnoticed."""


class _Fields(NamedTuple):
    """The shape of a dataclass."""

    kind: type[Any]
    shapes: tuple[object, ...]


class _Hole:
    """Something that a template writes and that is known only later."""

    __slots__ = ("_holes", "find")

    def __init__(self, holes: list[_Hole], find: Find) -> None:
        """Take those holes of the mould that were written so far, and what finds this one's value."""
        self._holes, self.find = holes, find

    def __format__(self, form: str) -> str:
        """The same; a form would have to know the value."""
        return self._unknown() if form else str(self)

    def __str__(self) -> str:
        """A mark, where it is written."""
        place = next((place for place, each in enumerate(self._holes) if each is self), len(self._holes))
        if place == len(self._holes):
            self._holes.append(self)
        return f" {MARK}zQ{place}{MARK} "

    __html__ = __str__

    def later(self, function: Callable[..., object], args: tuple[object, ...], words: dict[str, object]) -> _Hole:
        """What a function makes of this and other things, once they are known."""
        first = [each.find if isinstance(each, _Hole) else _constant(each) for each in args]
        named = [(name, each.find if isinstance(each, _Hole) else _constant(each)) for name, each in words.items()]

        def find(values: Sequence[object]) -> object:
            return function(*[each(values) for each in first], **{name: each(values) for name, each in named})

        return _Hole(self._holes, find)

    def _unknown(self, *_: object) -> NoReturn:
        raise TypeError("the template computes with what is not known yet")

    __hash__ = __eq__ = __ne__ = _unknown
    __lt__ = __gt__ = __le__ = __ge__ = __add__ = __sub__ = __mul__ = __truediv__ = __mod__ = _unknown


class _Blank:
    """A dataclass whose fields are holes."""


def deferrable(function: Callable[..., object]) -> Callable[..., Any]:
    """Let templates call a function also in moulds, where it may be called later, when its arguments are known."""

    @wraps(function)
    def call(*args: object, **words: object) -> object:
        for each in (*args, *words.values()):
            if isinstance(each, _Hole):
                try:
                    return function(*args, **words)
                except TypeError:
                    return each.later(function, args, words)
        return function(*args, **words)

    return call


def pour(macro: Callable[..., str], speak: Callable[..., str], *values: object, **constants: Hashable) -> Markup:
    """What a macro makes of these values.

    Args:
        macro: takes these arguments; what it makes of them depends on nothing else.
        speak: what says texts, `t` of the templates.
        values: are poured in.
        constants: are no holes; there should be few of them.
    """
    found: list[object] = []
    text, finds = _mould(macro, speak, tuple([_shape(each, found) for each in values]), **constants)
    return Markup(text.format(*[escape(find(found)) for find in finds]))


def pour_each(
    macro: Callable[..., str], speak: Callable[..., str], values: Iterable[object], first: int, *rest: object
) -> Markup:
    """What a macro makes of each of these values, one after the other; its next argument is whether it is a first one.

    Args:
        macro: takes a value, this truth, and the rest.
        speak: what says texts, `t` of the templates.
        values: are poured in.
        first: how many are.
        rest: further arguments.
    """
    return Markup("".join([pour(macro, speak, each, place < first, *rest) for place, each in enumerate(values)]))


def _shape(value: Any, found: list[object]) -> object:
    """What is left of a value without what can be poured, which is added to what was found so far."""
    if value is True or not value:
        return value
    kind: Any = type(value)
    if kind is tuple:
        return tuple([_shape(each, found) for each in value])
    names, get = _fields(kind)
    if not names:
        found.append(value)
        return ...
    shapes: list[object] = []
    for each in get(value):
        if each is True or not each:
            shapes.append(each)
        elif type(each) in PLAIN:
            found.append(each)
            shapes.append(...)
        else:
            shapes.append(_shape(each, found))
    return _Fields(kind, tuple(shapes))


def _blank(shape: object, holes: list[_Hole], number: list[int]) -> object:
    """A value of this shape, with holes; `number` counts what can be poured."""
    if shape is ...:
        number[0] += 1
        return _Hole(holes, itemgetter(number[0] - 1))
    if isinstance(shape, _Fields):
        blank = _Blank()
        kind: Any = shape.kind
        for name, each in zip(_fields(kind)[0], shape.shapes, strict=True):
            setattr(blank, name, _blank(each, holes, number))
        return blank
    return tuple(_blank(each, holes, number) for each in shape) if isinstance(shape, tuple) else shape


@lru_cache(MOULDS)
def _mould(
    macro: Callable[..., str], speak: Callable[..., str], shapes: tuple[object, ...], **constants: Hashable
) -> tuple[str, tuple[Find, ...]]:
    """A mould for all values of these shapes, as `str.format` takes it, and what finds the value for each hole."""
    holes: list[_Hole] = []
    number = [0]
    made = str(macro(speak, *[_blank(each, holes, number) for each in shapes], **constants))
    if MARK in HOLE.sub("", made) or {int(place) for place in HOLE.findall(made)} != set(range(len(holes))):
        raise TypeError("the template changes what is not known yet")
    parts = HOLE.split(made.replace("{", "{{").replace("}", "}}"))
    text = "".join(f"{{{part}}}" if place % 2 else part for place, part in enumerate(parts))
    return text, tuple(each.find for each in holes)


@cache
def _fields(kind: Any) -> tuple[tuple[str, ...], Callable[[Any], tuple[object, ...]]]:
    """The names of a dataclass's fields, and what gets them all; no names for all that is none."""
    names = tuple(each.name for each in fields(kind)) if is_dataclass(kind) else ()
    # With one name alone it would give no tuple.
    return names, attrgetter(*names) if len(names) > 1 else lambda value: tuple(getattr(value, each) for each in names)


def _constant(value: object) -> Find:
    return lambda _: value
