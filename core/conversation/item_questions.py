"""Recognition of questions about items and colors: "is that really a blazer?", "are the jeans blue?", "코트 맞아요?".

A message is one only if the whole message is: "do you like my coat?" asks something else.
"""

import re

from core.clothing import Color, Item, ItemGroup
from core.conversation.text_normalization import normalize_letters
from core.conversation.thing_names import Mention, find_names
from core.vision.attributes import Thing

MAX_LENGTH = 50
"""Characters of a message from which it is about more than one item."""
_LEAD = r"(?:(?:wait|hmm|hey|but|no|really|sorry|so|ok|okay|eva) )*"
_REALLY = r"(?: (?:really|actually|even))?"
_TAIL = r"(?: really| at all| right| or what| there| here| in (?:it|this|the photo|the picture))?"
_ONE = r"(?:a |an |the |any |my )?(?:pair of )?"
ENGLISH = re.compile(
    rf"{_LEAD}"
    rf"(?:(?:is|are|was|were) (?:that|this|it|these|those|they|there){_REALLY}"
    r"|(?:isn|wasn) t (?:that|this|it)|(?:aren|weren) t (?:those|these|they)"
    r"|(?:that|it) (?:s|is) (?:not|n t|no)|(?:those|they|these) (?:are|re) (?:not|n t)"
    r"|(?:that|it) isn t|(?:those|they) aren t"
    r"|(?:am i|was i|is she|is he)(?: really)? wearing|(?:do|did) i (?:have|wear)"
    r"|not|no|really|you see|do you see|did you see|can you see|how sure are you (?:about|of)|what about"
    r"|where is|where s)"
    rf" {_ONE}#{_TAIL}"
    r"|#(?: really)?"
)
ENGLISH_PROPERTY = re.compile(
    rf"{_LEAD}(?:is|are|was|were) (?:the|that|this|those|these|my) #{_REALLY} (?:made of |in )?{_ONE}@{_TAIL}"
    rf"|{_LEAD}(?:the|that|this|those|these|my) # (?:is|are|was|were|s|re){_REALLY} (?:made of |in )?{_ONE}@{_TAIL}"
)
"""A garment and what is asked of it: "are the jeans blue?"."""
_KOREAN_LEAD = "(?:이거|이건|이게|그거|그건|저거|저건|저게|혹시|진짜|정말|근데|에바|아니|나|내가|제가){0,3}"
_KOREAN_IS = (
    "이야|야|이에요|예요|에요|인가요|인가|맞아|맞아요|맞나요|맞죠|맞나|맞니|이라고|라고|이라고요|라고요"
    "|아니야|아니에요|아닌데|아닌데요|아님|아니거든요|보여|보여요|보이나요"
)
KOREAN_VERBS = "입|신|썼|쓰|들|멨|매|맸|했|하|걸쳤"
"""Stems of what is done with clothes, shoes, hats, bags, ties and jackets."""
_KOREAN_WORN = rf"(?P<verb>{KOREAN_VERBS})(?:었|고있)?(?:어요?|나요?|니|죠|지요?|는데요?|습니까)"
KOREAN = re.compile(
    f"{_KOREAN_LEAD}#(?:이|가|은|는|도|을|를)?(?:진짜|정말|확실해|확실히)?"
    f"(?:{_KOREAN_IS}|(?:안)?{_KOREAN_WORN}|있어|있어요|없는데|없는데요|요)?"
)
KOREAN_PROPERTY = re.compile(
    f"{_KOREAN_LEAD}#(?:이|가|은|는|색|색깔|색이)?(?:진짜|정말)?@(?:이|가)?(?:{_KOREAN_IS}|요)?"
)
_CARRIED = frozenset({Item.BAG})
_TIED = frozenset({Item.TIE, Item.BELT, Item.SCARF})
_PUT_ON_HEAD = frozenset({Item.HAT, Item.SUNGLASSES})
WORN_BY_VERB = {
    **dict.fromkeys(("썼", "쓰"), _PUT_ON_HEAD),
    "들": _CARRIED,
    **dict.fromkeys(("멨", "매", "맸"), _CARRIED | _TIED),
    **dict.fromkeys(("했", "하"), _TIED),
    "신": frozenset(item for item in Item if item.group is ItemGroup.SHOES),
}
"""What each verb says to be worn; with other things it has another meaning: "체크 했어?" asks for a check."""


def find_item_question(message: str) -> Mention | None:
    """The item or color that a whole message asks about; None for any other message.

    The name alone is a question only with a question mark. For denials see `item_corrections`, which comes first.
    """
    if len(message) > MAX_LENGTH:
        return None
    for rest, mention in find_names(normalize_letters(message)):
        if rest == "#" and "?" not in message:
            return None
        compact = rest.replace(" ", "")
        if ENGLISH.fullmatch(rest):
            return mention
        if (match := KOREAN.fullmatch(compact)) is not None:
            return mention if may_be_worn(match["verb"], mention.thing) else None
        for both, other in find_names(rest, mark="@") if mention.is_garment and "?" in message else ():
            is_asked = ENGLISH_PROPERTY.fullmatch(both) or KOREAN_PROPERTY.fullmatch(both.replace(" ", ""))
            if is_asked and not other.is_garment:
                return other
    return None


def may_be_worn(verb: str | None, thing: Thing) -> bool:
    """Whether a Korean verb says of this thing that it is worn; without a verb it does."""
    return verb not in WORN_BY_VERB or (not isinstance(thing, Color) and thing in WORN_BY_VERB[verb])
