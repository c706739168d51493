"""Recognition of questions about one item or color: "is that really a blazer?", "코트 맞아요?".

A message is one only if the whole message is: "do you like my coat?" asks something else.
"""

import re
from collections.abc import Iterable
from functools import cache
from itertools import chain

from core.clothing import Color, Item
from core.conversation.text_normalization import normalize_letters
from core.i18n.clothing_names import thing_name
from core.i18n.translations import Language, translate
from core.vision.attributes import THINGS, Thing

MAX_LENGTH = 50
"""Characters of a message from which it is about more than one item."""
OTHER_NAMES: dict[Item, tuple[str, ...]] = {
    Item.TSHIRT: ("tshirt", "t shirt", "tee", "티", "반팔티"),
    Item.SHIRT: ("blouse", "블라우스", "남방"),
    Item.KNIT: ("sweater", "jumper", "cardigan", "스웨터", "가디건", "카디건"),
    Item.HOODIE: ("hoodie", "hoody", "후드티", "후드", "맨투맨"),
    Item.BLAZER: ("suit jacket", "블레이져", "정장 재킷"),
    Item.JACKET: ("자켓", "점퍼"),
    Item.COAT: ("trench coat", "trench", "트렌치코트", "패딩"),
    Item.VEST: ("vest", "조끼"),
    Item.DRESS: ("드레스",),
    Item.SKIRT: ("치마",),
    Item.JEANS: ("denim jeans", "진", "데님 팬츠"),
    Item.TROUSERS: ("pants", "slacks", "팬츠", "슬랙스"),
    Item.SHORTS: ("쇼츠", "숏팬츠"),
    Item.SNEAKERS: ("trainers", "스니커즈"),
    Item.HEELS: ("high heels", "하이힐"),
    Item.FLATS: ("flats", "loafers", "sandals", "로퍼", "샌들", "플랫"),
    Item.HAT: ("cap", "beanie", "캡", "비니"),
    Item.BAG: ("handbag", "핸드백", "백"),
    Item.SUNGLASSES: ("shades",),
    Item.TIE: ("necktie", "넥타이"),
    Item.LEATHER: ("leather", "가죽"),
    Item.DENIM: ("데님",),
    Item.FUR: ("모피", "퍼"),
}
OTHER_COLOR_NAMES: dict[Color, tuple[str, ...]] = {
    Color.BLACK: ("검정색", "검정", "검은색", "까만색"),
    Color.WHITE: ("흰색", "하얀색", "하양"),
    Color.GREY: ("회색",),
    Color.BROWN: ("갈색", "밤색"),
    Color.RED: ("빨간색", "빨강"),
    Color.PINK: ("분홍색", "분홍"),
    Color.ORANGE: ("주황색", "주황"),
    Color.YELLOW: ("노란색", "노랑"),
    Color.GREEN: ("초록색", "초록", "녹색"),
    Color.BLUE: ("파란색", "파랑"),
    Color.NAVY: ("남색",),
    Color.PURPLE: ("보라색", "보라"),
}
"""Names that people use, in addition to Eva's own."""
ENGLISH = re.compile(
    r"(?:(?:wait|hmm|hey|but|no|really|sorry) )*"
    r"(?:(?:is|are|was|were) (?:that|this|it|these|those|they|there)(?: (?:really|actually|even))?"
    r"|(?:that|it) (?:s|is) (?:not|n t|no)|(?:those|they|these) (?:are|re) (?:not|n t)"
    r"|(?:that|it) isn t|(?:those|they) aren t"
    r"|not|no|really|you see|do you see|did you see|can you see|how sure are you (?:about|of)|what about"
    r"|where is|where s)"
    r" (?:a |an |the |any |my )?(?:pair of )?#(?: really| at all| right| or what)?"
    r"|#(?: really)?"
)
KOREAN = re.compile(
    r"(?:이거|이건|이게|그거|그건|저거|저건|저게|혹시|진짜|정말|근데|에바|아니){0,3}#"
    r"(?:이|가|은|는|도)?(?:진짜|정말|확실해|확실히)?"
    r"(?:이야|야|이에요|예요|에요|인가요|인가|맞아|맞아요|맞나요|맞죠|맞나|이라고|라고|이라고요|라고요"
    r"|아니야|아니에요|아닌데|아닌데요|아님|아니거든요|보여|보여요|보이나요|있어|있어요|없는데|없는데요|요)?"
)


def find_item_question(message: str) -> Thing | None:
    """The item or color that a whole message asks about; None for any other message.

    The name alone is a question only with a question mark. For denials see `item_corrections`, which comes first.
    """
    if len(message) > MAX_LENGTH:
        return None
    for rest, thing in find_names(normalize_letters(message)):
        if rest == "#" and "?" not in message:
            return None
        if ENGLISH.fullmatch(rest) or KOREAN.fullmatch(rest.replace(" ", "")):
            return thing
    return None


def find_names(text: str, *, mark: str = "#") -> list[tuple[str, Thing]]:
    """The items and colors that a normalized text names once, each with the text in which a mark replaces its name.

    A short name may stand inside another word ("진" in "진짜"), and within a longer name: the longest come first.
    """
    found = []
    for name, thing in _things_by_name():
        if name in text:
            rest, count = re.subn(rf"(?<![a-z0-9가-힣]){re.escape(name)}(?![a-z])", mark, text)
            if count == 1:
                found.append((rest, thing))
    return found


@cache
def _things_by_name() -> tuple[tuple[str, Thing], ...]:
    """Names with their items and colors, the longest first: a leather jacket is asked for as a jacket."""
    names: dict[str, Thing] = {}
    for thing in THINGS:
        for language in Language:
            names.setdefault(normalize_letters(thing_name(thing, language)), thing)
            if isinstance(thing, Color):
                names.setdefault(normalize_letters(translate(f"worn.{thing}.as", language)), thing)
    others: Iterable[tuple[Thing, tuple[str, ...]]] = chain(OTHER_NAMES.items(), OTHER_COLOR_NAMES.items())
    for thing, other_names in others:
        for name in other_names:
            names.setdefault(name, thing)
    return tuple(sorted(names.items(), key=lambda pair: -len(pair[0])))
