"""Recognition of open questions about a garment: "what color is my coat?", "신발 무슨 색이야?".

A message is one only if the whole message is: "what color coat should I buy?" asks for advice.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from core.clothing import Item
from core.conversation.attribute_mentions import find_names, has_too_many_names
from core.conversation.garment_kinds import KOREAN_KIND_NAMES, GarmentKind, Subject, find_kind
from core.conversation.text_normalization import normalize_speech

MAX_LENGTH = 50
"""Characters of a message from which it asks more."""


class Aspect(StrEnum):
    """What is asked of a garment; the value is part of the keys of the answers."""

    NAME = "name"
    """What it is."""
    COLOR = "color"
    WRONG_COLOR = "wrong_color"
    """That the color is wrong, without the right one; a question may be whether it goes well."""
    PATTERN = "pattern"
    MATERIAL = "material"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuestion:
    """A question that names no answer."""

    aspect: Aspect
    subject: Subject


_LEAD = r"(?:(?:so|and|but|hey|eva|ok|okay|hmm|wait|um|oh|well|btw|then|tell me|can you tell me|please) )*"
_TAIL = (
    r"(?: (?:then|again|here|there|though|eva|please|exactly|to you|do you think|would you say|you think|actually|now"
    r"|lol|today|in (?:this|the|my) (?:photo|picture|pic)))*"
)
_THE = r"(?:the |my |this |that |these |those |her |his |our )"
_IS = r"(?:is|are|was|were|s|re|r)"
_IT = r"(?:it|this|that|these|those|they)"
_COLOR = r"colou?rs?"
_WORN = rf"(?:{_IS} {_IT}|am i wearing|am i in|do i have on|did i wear|i m wearing|do (?:you|u) see)"
_SEE = rf"(?:do|did|can|would) (?:you|u) (?:see|spot|call|say|think|make out)(?: (?:of|for|on|in|is))? {_THE}?@"
_WRONG = r"(?:all |totally |so |a bit )?(?:wrong|off|not right|incorrect)"
_SORT = r"(?:kind|kinda|type|sort|style)(?: of)?"
_ENGLISH = {
    Aspect.COLOR: re.compile(
        rf"{_LEAD}(?:(?:what|which|wat) {_COLOR} (?:{_IS} {_THE}@|{_SEE}(?: {_IS})?|(?:of )?@ {_WORN})"
        rf"|(?:what {_IS} )?(?:the )?{_COLOR} (?:of|on) {_THE}?@"
        rf"|(?:(?:what|how) about )?{_THE}?@ what {_COLOR}(?: {_IS} {_IT})?"
        rf"|{_THE}?@ (?:s )?{_COLOR}|what {_IS} {_THE}@ (?:s )?{_COLOR})"
        rf"(?: (?:do you think|to you))?{_TAIL}"
    ),
    Aspect.WRONG_COLOR: re.compile(
        rf"{_LEAD}(?:(?:that s )?(?:the )?wrong {_COLOR} (?:on|for|of) {_THE}@|{_THE}?@ (?:s )?{_COLOR} {_IS} {_WRONG}"
        rf"|(?:the )?{_COLOR} (?:of|on) {_THE}@ {_IS} {_WRONG}"
        rf"|(?:you|u) got (?:the )?{_COLOR} (?:of|on) {_THE}@ wrong){_TAIL}"
    ),
    Aspect.NAME: re.compile(
        rf"{_LEAD}(?:(?:what|which|wat) (?:{_SORT} )?@(?: {_WORN})?|what {_SORT} {_THE}?@ {_WORN}"
        rf"|(?:what|which) {_SORT} (?:{_IS} {_THE}@|{_SEE})|what {_IS} {_THE}@(?: called)?"
        rf"|what do(?:es)? {_THE}@ look like|(?:what about|how about|and|n) {_THE}@"
        rf"|(?:do|can|did) (?:you|u) see {_THE}@)"
        rf"{_TAIL}"
    ),
    Aspect.PATTERN: re.compile(
        rf"{_LEAD}what (?:pattern|print) (?:{_IS} {_THE}@|is (?:on|of) {_THE}@|{_SEE}|does {_THE}@ have){_TAIL}"
        rf"|{_LEAD}what {_IS} the (?:pattern|print) (?:of|on) {_THE}@{_TAIL}"
    ),
    Aspect.MATERIAL: re.compile(
        rf"{_LEAD}what (?:material|fabric) (?:{_IS} {_THE}@(?: made (?:of|from))?|{_SEE}|does {_THE}@ have){_TAIL}"
        rf"|{_LEAD}what {_IS} (?:the (?:material|fabric) (?:of|on) {_THE}@|{_THE}@ made (?:of|from)){_TAIL}"
    ),
}
"""Whole questions with `@` for the garment."""
_ENGLISH_PLACE = re.compile(
    rf"{_LEAD}what (?:am i wearing|do i have|have i got|{_IS}(?: (?:that|this))?(?: thing)?) (?:on|around|over|in) "
    rf"(?:my |the )?(?P<place>head|feet|neck|legs|top|bottom){_TAIL}"
)
"""Asks what is worn in a place; the outfit on the top half is asked for as well."""
_ENGLISH_KIND = re.compile(r"\b(?:shoes?|footwear|tops?|bottoms?|outer ?wear|outer layer|head ?wear)\b")
_KOREAN_LEAD = (
    "(?:이거|이건|이게|그거|혹시|아까|방금|근데|그럼|에바야?|아니|지금|오늘|사진에?서?|여기|내가|제가|나는?|저는?|내|제|이|그|요|입은|신은|걸친)"
    "{0,4}"
)
_KOREAN_WHAT = "(?:무슨|어떤|뭔|무신)"
_KOREAN_COLOR = "(?:색깔|색상|색|컬러)"
_PARTICLE = "(?:이|가|은|는|도|을|를)?"
_KOREAN_WORN = (
    "(?:(?:(?:입|신|쓰|들|매|메|하|걸치|두르)(?:었|고있)|썼|멨|맸|했|걸쳤|둘렀)(?:어요?|나요?|니|냐|지요?|죠|는지|습니까)"
    "|(?:입|신|걸치|쓰|들|매|하)?(?:은|신은|입은|쓴|든|맨|한|걸친)(?:거|것|걸로)?)"
)
_KOREAN_END = (
    "(?:이야|야|이에요|예요|에요|이예요|같아보여요?|인가요?|인가|일까요?|이게요?|게요?|같아요?|같음|같나요?|같냐|같니|이지요?|지요?|이죠|죠"
    "|이냐|냐|이니|니|임|이고|인거야|인거예요|거야|거예요|건가요?|거같아요?|것같아요?|인거같아요?|인것같아요?|인데요?|더라"
    "|인지(?:알려줘요?|말해줘요?|알려주세요)|(?:으)?로(?:보여요?|보이나요?|보이니|봤어요?|보임|보이는데요?)|보여요?"
    "|알려줘요?|말해줘요?|알려주세요|요)?"
)
_ENDED = f"(?:{_KOREAN_WORN})?{_KOREAN_END}"
_KOREAN = {
    Aspect.COLOR: re.compile(
        f"{_KOREAN_LEAD}(?:@의?{_KOREAN_COLOR}?{_PARTICLE}{_KOREAN_WHAT}{_KOREAN_COLOR}{_KOREAN_END}"
        f"|@의?{_KOREAN_COLOR}{_PARTICLE}(?:(?:뭐|뭘|뭔|무엇|뭘로|뭐로){_KOREAN_END}|(?:좀)?(?:알려|말해)(?:줘요?|주세요)|요)?"
        f"|@의?{_KOREAN_COLOR}{_PARTICLE}맞(?:아요?|나요?|죠|지요?|니)"
        f"|{_KOREAN_WHAT}{_KOREAN_COLOR}{_PARTICLE}@{_PARTICLE}{_ENDED})"
    ),
    Aspect.WRONG_COLOR: re.compile(
        f"{_KOREAN_LEAD}@의?{_KOREAN_COLOR}{_PARTICLE}(?:다|좀|완전|너무)?"
        "(?:(?:틀렸|틀림|틀린(?!데.*괜찮)|틀려|잘못봤|잘못보|잘못본)[가-힣]{0,5}"
        "|이상한데요?|이상하네요?|다른데요?|다르네요?|다르다고요?|다르다니까요?|다르잖아요?|달라요)"
    ),
    Aspect.NAME: re.compile(
        f"{_KOREAN_LEAD}(?:@{_PARTICLE}(?:종류{_PARTICLE})?(?:뭐|뭘|뭔|무엇|뭘로|뭐로){_ENDED}"
        f"|@의?종류{_PARTICLE}(?:좀)?(?:알려|말해)(?:줘요?|주세요)"
        f"|@{_PARTICLE}{_KOREAN_WHAT}(?:종류|옷|거|것|신발|아이템|바지|스타일의?옷){_ENDED}"
        f"|{_KOREAN_WHAT}(?:종류의?)?@{_PARTICLE}{_ENDED}|@{_PARTICLE}(?:보여요?|보이나요?|보이니|보임))"
    ),
    Aspect.PATTERN: re.compile(
        f"{_KOREAN_LEAD}@의?{_PARTICLE}(?:{_KOREAN_WHAT}(?:무늬|패턴)|(?:무늬|패턴){_PARTICLE}(?:뭐|뭔|무엇|무슨무늬))"
        f"{_KOREAN_END}"
    ),
    Aspect.MATERIAL: re.compile(
        f"{_KOREAN_LEAD}@의?{_PARTICLE}(?:{_KOREAN_WHAT}(?:소재|재질|원단)"
        f"|(?:소재|재질|원단){_PARTICLE}(?:뭐|뭔|무엇)){_KOREAN_END}"
    ),
}
"""Whole questions without spaces, with `@` for the garment."""
_KOREAN_KIND = re.compile(
    f"{KOREAN_KIND_NAMES}"
    "|(?:(?:위|아래|밑|안|겉|발|머리|목)(?:쪽)?(?:에다?)?)?(?:입은|입고있는|신은|신고있는|걸친|쓴|두른|맨)(?:거|것|게|건|옷|신발)"
    "|(?:발|머리|목)(?:쪽)?에(?:있는|한)(?:거|것|게|건)"
    "|(?:위|아래|밑|안|겉|발|머리|목)(?:쪽)?에(?=뭐|뭘|무슨|어떤)|^(?:위|아래|밑)(?:쪽)?(?=[은는]?(?:뭐|뭘|뭔))"
)


def find_open_question(message: str) -> OpenQuestion | None:
    """The open question that a whole message asks about a garment; None for any other message."""
    if len(message) > MAX_LENGTH or has_too_many_names(text := normalize_speech(message)):
        return None
    if (match := _ENGLISH_PLACE.fullmatch(text)) is not None and (kind := find_kind(match["place"])) is not None:
        return OpenQuestion(aspect=Aspect.NAME, subject=kind)
    for rest, subject in _mark_subjects(text):
        compact = rest.replace(" ", "")
        for patterns, form in ((_ENGLISH, rest), (_KOREAN, compact)):
            aspect = next((aspect for aspect, pattern in patterns.items() if pattern.fullmatch(form)), None)
            if aspect is Aspect.WRONG_COLOR and "?" in message:
                continue
            if aspect is not None:
                return OpenQuestion(aspect=aspect, subject=subject)
    return None


def _mark_subjects(text: str) -> Iterator[tuple[str, Subject]]:
    """What a text may be about, each with the text in which `@` replaces it."""
    compact = text.replace(" ", "")
    for form, pattern in ((text, _ENGLISH_KIND), (compact, _KOREAN_KIND)):
        for match in pattern.finditer(form):
            kind = find_kind(match[0])
            if isinstance(kind, GarmentKind):
                yield f"{form[: match.start()]}@{form[match.end() :]}", kind
    for rest, mention in find_names(text, mark="@"):
        if isinstance(mention.thing, Item) and mention.thing.is_worn_alone and not mention.properties:
            yield rest, mention.thing
