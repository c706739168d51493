"""Recognition of questions about items and colors: "is that really a blazer?", "are the jeans blue?", "코트 맞아요?".

A message is one only if the whole message is: "do you like my coat?" asks something else.
"""

import re
from dataclasses import replace

from core.clothing import Color, Item, ItemGroup
from core.conversation.attribute_mentions import Mention, find_mentions, has_too_many_names
from core.conversation.garment_kinds import GarmentKind, Subject
from core.conversation.item_subjects import drop_subject
from core.conversation.text_normalization import normalize_speech
from core.vision.attributes import Attribute

MAX_LENGTH = 50
"""Characters of a message from which it is about more than one item."""
SLANG = re.compile(r"(?<!there s )(?<!see )\b(?:no|not) cap\b")
"""\"No cap\" says that something is true."""
_LEAD = r"(?:(?:wait|hmm|hey|but|no|really|sorry|so|ok|okay|eva|and|um|oh|well|(?:are )?(?:you|u) sure|you mean) )*"
_REALLY = r"(?: (?:really|actually|even|supposed to be|meant to be|maybe))?"
_TAIL = (
    r"(?: (?:really|at all|anywhere|somewhere|right|or (?:what|not)|then|though|there|here|to you"
    r"|in (?:it|this|(?:the|my) (?:photo|picture))|(?:isn|aren) t (?:it|that|they|those)|(?:that )?you (?:see|saw|mean)"
    r"|do you think|would you say|you think))*"
)
_ONE = r"(?:more (?:of|like) |kind of |made of |in |called )?(?:a |an |the |any |my )?(?:pair of )?"
_IT = r"(?:that|this|it|these|those|they|there)"
_BE = r"(?:s|re|r|is|are|was|were)"
_MISSED = (
    r"(?:you (?:missed|forgot|overlooked|left out|skipped|don t see|didn t (?:see|notice|spot|mention|name|list))"
    r"|don t forget|i (?:m |am )?also (?:wearing|have|got)"
    r"|(?:there|i) (?:s|is|are|m wearing|am wearing|have)(?= .* (?:too|as well)$))"
)
ENGLISH = re.compile(
    rf"{_LEAD}"
    rf"(?:{_BE} {_IT}(?: not)?{_REALLY}"
    rf"|(?:isn|wasn|aren|weren) t {_IT}{_REALLY}"
    rf"|{_IT} {_BE} (?:not|n t|no)|{_IT} (?:isn|aren|wasn|weren) t"
    rf"|(?:could|can|might|would) {_IT}{_REALLY} be"
    rf"|(?:does|do|did) {_IT}{_REALLY} (?:count as|look like|pass for|pass as)"
    rf"|(?:(?:do|did|would|could) you(?: really)? (?:think|say|mean|call)"
    r"|are (?:you|u) (?:sure|saying|certain)|(?:you|u) sure)(?: that)?"
    rf" {_IT}(?: {_BE}){_REALLY}|would you(?: really)? call {_IT}"
    r"|(?:am i|was i|is she|is he)(?: really)? wearing|(?:do|did) i (?:have|wear)"
    r"|not|no|really|you see|do you see|did you see|can you see|how sure are you (?:about|of)|what about"
    r"|where is|where s|where (?:do|did|can) (?:you|u) see)"
    rf" {_ONE}#{_TAIL}"
    r"|#(?: really)?"
    rf"|{_LEAD}{_MISSED}(?: about)? {_ONE}#(?: (?:on|too|as well|also|though|tho|lol|here|there))*"
)
"""Also what Eva is said to have missed: the answer is how likely it is."""
ENGLISH_STATEMENT = re.compile(rf"{_LEAD}{_IT} {_BE}{_REALLY} {_ONE}#{_TAIL}|(?:and )?(?:the|my|those|these) #")
"""Asks only with a question mark."""
_KOREAN_LEAD = (
    "(?:이거|이건|이게|그거|그건|그게|저거|저건|저게|혹시|아까|방금|진짜|정말|근데|에바|아니|나|내가|제가){0,3}"
)
_KOREAN_ASKS = (
    "인가요?|(?:이|가)?맞(?:아요?|음|나요?|죠|지|지요|니)|이냐|이니|일까요?|인거(?:야|예요|죠|지)|인건가요?|이?었나요?|였나요?"
    "|아닌가요?|아니었나요?|아니었어요?|아닐까요?|(?:으?로)?보이나요?|같지않아요?|같은데맞(?:아요?|나요?|죠|지)"
)
"""Endings that ask even without a question mark."""
_KOREAN_IS = (
    f"{_KOREAN_ASKS}|이야|야|이에요|예요|에요|이죠|죠|이지|이라고|라고|이라고요|라고요|이었어요?|였어요?|아녜요|아니죠|아니지"
    "|아니야|아니에요|아니예요|아닌데|아닌데요|아님|아니거든요|(?:으?로)?보여요?|같아요?|같은데요?"
)
KOREAN_VERBS = "입|신|썼|쓰|들|멨|매|맸|했|하|걸쳤|꼈|끼|둘렀|두르|찼|차"
"""Stems of what is done with clothes, shoes, hats, bags, ties, jackets, glasses, scarves and belts."""
_KOREAN_WORN = rf"(?P<verb>{KOREAN_VERBS})(?:었|고있)?(?:어요?|나요?|니|죠|지요?|는데요?|습니까)"
_KOREAN_HABIT = "안(?:입|신|쓰|들|매|하|끼|두르|차)(?:어|나|니|죠|지|는)"
"""What is never worn: "치마 안 입어요" is not about the photo."""
KOREAN = re.compile(
    f"{_KOREAN_LEAD}#(?:이|가|은|는|도|을|를)?(?:진짜|정말|확실해|확실히)?"
    f"(?:{_KOREAN_IS}|(?!{_KOREAN_HABIT})(?:안)?{_KOREAN_WORN}|(?:어디에?)?있어요?|(?:어디에?)?있나요?|없는데|없는데요|(?:입은|신은|쓴|든)적(?:이|은)?없는데요?|요)?"
)
_KOREAN_SURELY = "(?:이|가)?(?:진짜|정말|확실히)?"
_KOREAN_ABOUT = re.compile(f"(?:진짜|정말)?(?:[가-힣]{{1,5}}이?가?아니라)?#{_KOREAN_SURELY}(?:{_KOREAN_IS}|지|냐|니)?")
"""Asks, after what it is about, only with a question mark."""
_KOREAN_ASKING = re.compile(f"(?:진짜|정말)?#{_KOREAN_SURELY}(?:{_KOREAN_ASKS})")
_CARRIED = frozenset({Item.BAG})
_TIED = frozenset({Item.TIE, Item.BELT, Item.SCARF})
_PUT_ON_HEAD = frozenset({Item.HAT, Item.SUNGLASSES})
WORN_BY_VERB = {
    **dict.fromkeys(("썼", "쓰"), _PUT_ON_HEAD),
    "들": _CARRIED,
    **dict.fromkeys(("멨", "매", "맸"), _CARRIED | _TIED),
    **dict.fromkeys(("했", "하"), _TIED),
    **dict.fromkeys(("꼈", "끼"), frozenset({Item.SUNGLASSES})),
    **dict.fromkeys(("둘렀", "두르"), frozenset({Item.SCARF})),
    **dict.fromkeys(("찼", "차"), frozenset({Item.BELT})),
    "신": frozenset(item for item in Item if item.group is ItemGroup.SHOES),
}
"""What each verb says to be worn; with other things it has another meaning: "체크 했어?" asks for a check."""


def find_item_question(message: str) -> Mention | None:
    """The item or color that a whole message asks about; None for any other message.

    A name alone is a question only with a question mark, and "black or white?" asks for a choice. For denials see
    `item_corrections`, which comes first.
    """
    is_asked, text = "?" in message, normalize_speech(message)
    if len(message) > MAX_LENGTH or has_too_many_names(text) or (SLANG.search(text) and not is_asked):
        return None
    for rest, mention in find_mentions(text):
        if rest == "#" and (not is_asked or mention.also is not None):
            return None
        if _asks(rest, mention) or (is_asked and ENGLISH_STATEMENT.fullmatch(rest)):
            return mention
    for form, subject in drop_subject(text):
        for rest, mention in find_mentions(form):
            compact = rest.replace(" ", "")
            if is_asked and (ENGLISH_STATEMENT.fullmatch(rest) or _KOREAN_ABOUT.fullmatch(compact)):
                return _ask_of(subject, mention)
            if (rest != "#" and ENGLISH.fullmatch(rest)) or _KOREAN_ASKING.fullmatch(compact):
                return _ask_of(subject, mention)
    return None


def _ask_of(subject: Subject | None, mention: Mention) -> Mention:
    """What is asked about a garment: "is the coat navy?" asks for the same as "is it a navy coat?"."""
    colors = tuple(thing for thing in (mention.thing, mention.also) if isinstance(thing, Color))
    are_colors = isinstance(mention.thing, Color) and (mention.also is None or isinstance(mention.also, Color))
    if subject is None or not are_colors:
        return mention
    if isinstance(subject, GarmentKind):
        return replace(mention, of=subject)
    return Mention(thing=subject, properties=colors)


def _asks(text: str, mention: Mention) -> bool:
    """Whether a text asks about what is named in it at the mark."""
    if ENGLISH.fullmatch(text):
        return True
    match = KOREAN.fullmatch(text.replace(" ", ""))
    return match is not None and may_be_worn(match["verb"], mention.thing)


def may_be_worn(verb: str | None, thing: Attribute) -> bool:
    """Whether a Korean verb says of this thing that it is worn; without a verb it does."""
    return verb not in WORN_BY_VERB or (not isinstance(thing, Color) and thing in WORN_BY_VERB[verb])
