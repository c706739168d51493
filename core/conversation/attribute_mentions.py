"""The names that people use for items and colors, and where these are in a message: "boots", "블루 청바지"."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import chain, islice

from core.clothing import Color, Item
from core.conversation.garment_kinds import GarmentKind
from core.conversation.text_normalization import normalize_letters
from core.i18n.clothing_names import thing_name
from core.i18n.translations import Language, translate
from core.vision.attributes import ATTRIBUTES, Attribute

OTHER_NAMES = {
    Item.TSHIRT: "tshirt, t shirt, tee, tank top, 티, 반팔티, 민소매, 나시",
    Item.SHIRT: "blouse, dress shirt, button down, 블라우스, 남방, 와이셔츠",
    Item.KNIT: "sweater, jumper, cardigan, cardi, turtleneck, pullover, 스웨터, 가디건, 카디건, 터틀넥, 목폴라",
    Item.HOODIE: "hoodie, hoody, 후드티, 후드, 맨투맨",
    Item.BLAZER: "suit jacket, 블레이져, 정장 재킷",
    Item.JACKET: "bomber, windbreaker, puffer, 자켓, 점퍼, 잠바, 바람막이, 야상",
    Item.COAT: "trench coat, trench, overcoat, parka, 트렌치코트, 패딩, 파카",
    Item.VEST: "waistcoat, 조끼",
    Item.DRESS: "드레스",
    Item.SKIRT: "치마",
    Item.JUMPSUIT: "점프수트",
    Item.JEANS: "denim jeans, 진, 데님 팬츠",
    Item.TROUSERS: "pants, slacks, chinos, wide leg pants, 팬츠, 슬랙스, 면바지, 와이드 팬츠, 와이드 바지, 통바지",
    Item.SHORTS: "쇼츠, 숏팬츠",
    Item.TRADITIONAL: "traditional clothes, traditional costume, hanbok, kimono, yukata, sari, saree, qipao, cheongsam"
    ", ao dai, 한복, 개량한복, 기모노, 유카타, 사리, 치파오, 아오자이, 전통 옷, 전통 복장, 민속 의상",
    Item.SNEAKERS: "trainers, 스니커즈",
    Item.BOOTS: "ankle boots, 앵클부츠, 워커",
    Item.HEELS: "high heels, pumps, stilettos, 하이힐, 펌프스",
    Item.FLATS: "flats, loafers, sandals, ballerinas, 로퍼, 샌들, 플랫, 단화, 슬리퍼",
    Item.HAT: "cap, beanie, beret, 캡, 비니, 베레모, 볼캡",
    Item.BAG: "handbag, backpack, tote, 핸드백, 백, 백팩, 배낭, 숄더백",
    Item.SCARF: "shawl, muffler, 머플러, 목도리",
    Item.SUNGLASSES: "shades, 썬글라스",
    Item.TIE: "necktie, bow tie, 넥타이, 나비넥타이",
    Item.FLORAL: "floral pattern, flowers, flowery, flower print, flower pattern, 플라워, 플로럴 무늬, 플로럴 패턴",
    Item.STRIPES: "striped pattern, stripy, pinstripes, 스트라이프 무늬, 스트라이프 패턴, 세로줄, 가로줄",
    Item.CHECK: "check, checks, checkered, checked pattern, plaid, tartan, gingham, 체크 패턴, 격자무늬, 타탄",
    Item.DOTS: "dots, dotted, polka dotted, spotted, 도트 무늬, 도트 패턴, 땡땡이, 땡땡이 무늬, 물방울",
    Item.ANIMAL: "leopard, leopard print, zebra print, snake print, 호피, 호피 무늬, 레오파드, 지브라, 애니멀",
    Item.PRINT: "graphic, prints, 그래픽, 나염",
    Item.EMBROIDERY: "자수 장식",
    Item.LEATHER: "leather like, 레더, 가죽",
    Item.FUR: "furry, faux fur, 모피, 퍼",
    Item.LACE: "lacy, 레이스 소재",
    Item.SHINY: "glossy, satin, sequins, 광택, 광택 소재, 새틴, 반짝이",
    Item.RUFFLES: "frills, frilly, 프릴, 러플",
    Item.PLEATS: "주름",
    Item.MINI: "mini, 미니, 짧은 길이",
    Item.LONG: "maxi, 롱 기장, 맥시, 긴 길이",
    Item.OVERSIZED: "oversize, baggy, loose, roomy, 오버사이즈, 루즈핏, 박시",
}
"""Names that people use, in addition to Eva's own."""
OTHER_COLOR_NAMES = {
    Color.BLACK: "검정색, 검정, 검은색, 까만색, 검은 거, 까만 거",
    Color.WHITE: "흰색, 하얀색, 하양, 흰 거, 하얀 거",
    Color.GREY: "grey, charcoal, 회색, 차콜, 진회색, 연회색",
    Color.BROWN: "갈색, 밤색",
    Color.BEIGE: "cream, ivory, 크림색, 아이보리, 상아색",
    Color.RED: "빨간색, 빨강, 빨간 거, 버건디, burgundy, 와인색",
    Color.PINK: "분홍색, 분홍, 연분홍, 연핑크",
    Color.ORANGE: "주황색, 주황",
    Color.YELLOW: "노란색, 노랑, 연노랑",
    Color.GREEN: "olive, 초록색, 초록, 녹색, 카키, 카키색, 연두색, 민트색",
    Color.BLUE: "sky blue, 파란색, 파랑, 하늘색, 소라색, 파란 거",
    Color.NAVY: "navy blue, 남색, 곤색, 네이비 블루",
    Color.PURPLE: "violet, 보라색, 보라, 연보라, 라벤더",
    Color.MULTI: "colorful, 알록달록",
}
BEFORE_GARMENTS: dict[Attribute, str] = {
    Item.LONG: "긴, 기다란",
    Item.SHINY: "반짝거리는",
    Item.OVERSIZED: "루즈한, 박시한",
    Item.DOTS: "땡땡이",
    Color.BLACK: "검은, 까만",
    Color.WHITE: "흰, 하얀",
    Color.RED: "빨간",
    Color.YELLOW: "노란",
    Color.BLUE: "파란",
}
"""Words that name a property only in front of a garment."""
SHADES = "dark, light, pale, bright, deep, 연한, 진한, 밝은, 어두운"
"""Words in front of a color that change nothing here."""
MAX_PROPERTIES = 4
"""Words of properties in front of one name."""
MAX_NAMES = 10
"""Names in one message that is still about an item: "trench coat" has three. Pairs of more take too long to read."""
TWO_COLORS = {"흑백": "블랙 화이트 "}
"""Words for two colors at once."""
_AND = r"(?:and |n |앤드? ?|와 ?|과 ?|이?랑 ?|하고 ?)?"
"""Between two properties: "black and white shirt"."""
_FIRST, _SECOND = "&", "%"
"""Marks of two names, which no normalized text holds."""
_BETWEEN_NAMES = re.compile(
    rf"{_FIRST} (?:and|or|n|vs|versus)(?: (?:rather|just|more (?:of|like)|is it|are they))? (?:a |an |the )?{_SECOND}"
    rf"|{_FIRST}(?:이야|야|이에요|예요|에요|인가요?|인지|이냐|냐|일까요?|와|과|이?랑|하고) ?(?:아니면 ?)?{_SECOND}"
    rf"|{_FIRST}(?:이?나|이?거나|이?든지?) ?{_SECOND}"
    rf"|{_FIRST} ?(?:아니면|또는|혹은|vs) ?{_SECOND}"
)
"""Between two names that are asked about, or denied, together."""
_BETWEEN_COLORS = re.compile(f"{_BETWEEN_NAMES.pattern}|{_FIRST} ?{_AND}{_SECOND}")
_TOGETHER = re.compile(f"{_FIRST} ?{_AND}(?:a |an |the )?{_SECOND}")
"""Between two names that are both meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A named thing with the properties in front of its name: the jeans that are called blue."""

    thing: Attribute
    properties: tuple[Attribute, ...] = ()
    """In the order of the words."""
    also: Attribute | None = None
    """What is named next to it: "navy or black"."""
    is_alternative: bool = field(default=False, compare=False)
    """Whether only one of the two is meant, unlike in "navy and black"."""
    of: GarmentKind | None = None
    """The kind of garments that it is asked about, where none is named: "are the shoes white?"."""

    @property
    def is_garment(self) -> bool:
        """Whether the thing is worn by itself, so that a property may be said of it."""
        return isinstance(self.thing, Item) and self.thing.is_worn_alone

    @property
    def first_thing(self) -> Attribute:
        """What is named first: leather, of a leather jacket."""
        return self.properties[0] if self.is_garment and self.properties else self.thing

    @property
    def second_thing(self) -> Attribute | None:
        """What is named next to `first_thing`: white, of a black and white shirt."""
        colors = [thing for thing in self.properties if isinstance(thing, Color)] if self.is_garment else []
        return colors[1] if len(colors) > 1 and colors[0] is self.first_thing else self.also

    @property
    def garment(self) -> Item | None:
        """The garment, if its properties are named with it."""
        return self.thing if isinstance(self.thing, Item) and self.first_thing is not self.thing else None


def find_names(text: str, *, mark: str = "#") -> Iterator[tuple[str, Mention]]:
    """What a normalized text names, each with the text in which a mark replaces the name and its properties.

    A short name may stand inside another word ("진" in "진짜"), and within a longer name: the longest come first.
    """
    for word, colors in TWO_COLORS.items():
        text = " ".join(text.replace(word, colors).split())
    compact = text.replace(" ", "")
    for name, spaced_name, thing in _names_by_length():
        if name in compact:
            for found in _compile_name(spaced_name, is_color=isinstance(thing, Color)).finditer(text):
                rest = f"{text[: found.start()]}{mark}{text[found.end() :]}"
                yield rest, Mention(thing=thing, properties=_parse_properties(found["properties"] or ""))


def find_mentions(text: str, *, mark: str = "#") -> Iterator[tuple[str, Mention]]:
    """What a text names, see `find_names`, and then each two names that stand together, under one mark."""
    yield from find_names(text, mark=mark)
    for rest, first in find_names(text, mark=_FIRST):
        for both, second in find_names(rest, mark=_SECOND):
            are_colors = isinstance(first.thing, Color) and isinstance(second.thing, Color)
            joint = (_BETWEEN_COLORS if are_colors else _BETWEEN_NAMES).search(both)
            if joint is not None:
                is_alternative = _TOGETHER.fullmatch(joint[0]) is None
                mention = replace(first, also=_find_also(first, second), is_alternative=is_alternative)
                yield f"{both[: joint.start()]}{mark}{both[joint.end() :]}", mention


def has_too_many_names(text: str) -> bool:
    """Whether a normalized text lists so many names that it is about no single item."""
    return next(islice(find_names(text), MAX_NAMES, None), None) is not None


def _find_also(first: Mention, second: Mention) -> Attribute | None:
    """What the second of two names adds: of the same garment it is the property, as in "a black or a white shirt"."""
    if not first.is_garment or first.thing is not second.thing:
        return second.thing
    return None if first.properties and not second.properties else second.first_thing


def _parse_properties(text: str) -> tuple[Attribute, ...]:
    pattern, things = _compile_properties()
    found = [things[match[0].replace(" ", "")] for match in pattern.finditer(text)]
    return tuple(dict.fromkeys(thing for thing in found if thing is not None))


@cache
def _names_by_length() -> tuple[tuple[str, str, Attribute], ...]:
    """Names without and with their spaces, and their things, the longest first: "suit jacket" is no jacket."""
    names = sorted(_things_by_name().items(), key=lambda pair: -len(pair[0]))
    return tuple((name.replace(" ", ""), name, thing) for name, thing in names)


@cache
def _compile_name(name: str, *, is_color: bool) -> re.Pattern[str]:
    """The pattern of a name with its properties in front of it.

    Compiled when a message has the name: compiling all of them takes seconds, in which no other request is answered.
    """
    word = f"(?:{_compile_properties()[0].pattern})"
    properties = f"(?:{word}(?:{_AND}{word}){{0,{MAX_PROPERTIES - 1}}})?"
    before = f"(?P<properties>{'' if is_color else properties})"
    return re.compile(rf"(?<![a-z0-9가-힣]){before}{_spaced(name)}(?![a-z])")


@cache
def _compile_properties() -> tuple[re.Pattern[str], dict[str, Attribute | None]]:
    """A pattern for one property in front of a name, with the space behind it, and the properties by their words."""
    words: dict[str, Attribute | None] = dict.fromkeys(SHADES.split(", "))
    for name, thing in _things_by_name().items():
        if isinstance(thing, Color) or not thing.is_worn_alone:
            words[name] = thing
    words |= {name: thing for thing, names in BEFORE_GARMENTS.items() for name in names.split(", ")}
    alternatives = "|".join(_spaced(word, end=" ") for word in sorted(words, key=len, reverse=True))
    return re.compile(alternatives), {word.replace(" ", ""): thing for word, thing in words.items()}


@cache
def _things_by_name() -> dict[str, Attribute]:
    names: dict[str, Attribute] = {}
    for thing in ATTRIBUTES:
        for language in Language:
            names.setdefault(normalize_letters(thing_name(thing, language)), thing)
            if isinstance(thing, Color) or not thing.is_worn_alone:
                names.setdefault(normalize_letters(translate(f"worn.{thing}.as", language)), thing)
        if isinstance(thing, Color):
            names[f"color {translate(f'worn.{thing}.as', Language.EN)}"] = thing
    for other, other_names in chain[tuple[Attribute, str]](OTHER_NAMES.items(), OTHER_COLOR_NAMES.items()):
        for name in other_names.split(", "):
            names.setdefault(name, other)
    for name, thing in list(names.items()):
        names.setdefault(name.replace("color", "colour"), thing)
    return names


def _spaced(name: str, *, end: str = "") -> str:
    """A pattern for a name; in Korean its spaces, and the one at its end, may be missing."""
    if re.search("[가-힣]", name):
        return re.escape(name + end).replace(r"\ ", " ?")
    return re.escape(name + end)
