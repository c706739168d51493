"""Recognition of corrections of one item or color: "that's not a coat", "코트 아니고 재킷이야".

A message is one only if the whole message is: "not my favourite coat" corrects nothing.
"""

import re
from dataclasses import dataclass

from core.conversation.item_questions import MAX_LENGTH, find_names
from core.conversation.text_normalization import normalize_letters
from core.vision.attributes import Thing


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemCorrection:
    """What a person says of their outfit."""

    denied: Thing
    instead: Thing | None = None
    """What it is according to the person; the same thing where Eva has one word for both."""


_ONE = r"(?:a |an |the |any |my )?(?:pair of )?"
_LEAD = r"(?:(?:wait|hmm|hey|but|no|nope|nah|sorry|actually|um|oh|eva|well|so|really|wrong|and|ok|lol) )*"
_TAIL = (
    r"(?: (?:really|at all|actually|though|tbh|lol|sorry|eva|here|there|in (?:it|this|that|the (?:photo|picture))))*"
)
_IS = r"(?:(?:that|it|this) (?:s|is|was)|(?:they|those|these) (?:re|are|were)|there (?:s|is|are))"
_IS_NOT = (
    rf"(?:{_IS} (?:not|n t|no)|(?:that|it|this|there) (?:isn|wasn) t|(?:they|those|these|there) (?:aren|weren) t"
    r"|i m not wearing|i am not wearing|i (?:wear|have|see) no|i (?:don|do|didn|did) (?:t|not) (?:have|see|wear)"
    r"|not|no|isn t|aren t)(?: really| actually| even| exactly)?"
)
_BUT = (
    r"(?: (?:but|it s|it is|they re|they are|those are|that s|that is|just|more of|more like|rather|actually|i d say))*"
)
ENGLISH_DENIAL = re.compile(rf"{_LEAD}{_IS_NOT} {_ONE}#{_TAIL}|{_LEAD}(?:the |that )#(?: is|s) (?:wrong|not right)")
ENGLISH_EXCHANGE = re.compile(
    rf"{_LEAD}{_IS_NOT} {_ONE}#{_BUT} {_ONE}@{_TAIL}"
    rf"|{_LEAD}(?:{_IS} )?(?:actually |really |just |more of |more like )*{_ONE}@ "
    rf"(?:and |but )?(?:not|isn t|rather than|instead of|than|no) {_ONE}#{_TAIL}"
    rf"|{_LEAD}(?:the|that|this|those|these|your) # (?:is|s|are|re|was) "
    rf"(?:actually |really |just |more of )*{_ONE}@{_TAIL}"
)
_KOREAN_LEAD = (
    "(?:이거|이건|이게|그거|그건|저거|저건|저게|이거는|그거는|에바|아니|아뇨|아니요|저기|근데|음|사실|진짜|정말){0,3}"
)
_KOREAN_NOT = (
    "(?:이|가|은|는|도|를|을)?(?:진짜|정말|사실)?"
    "(?:아니야|아니에요|아니예요|아녜요|아니거든요?|아닙니다|아님|아닌데요?|아닌걸요?|아녀요"
    "|안(?:입었|신었|썼|들었|멨|맸|했|걸쳤)(?:어요?|는데요?|습니다|음|거든요?|다고요?|지요?|죠)"
    "|안(?:입|신|쓰|들|매|하)고있(?:어요?|는데요?|거든요?)"
    "|없는데요?|없어요?|없음|없거든요?|없습니다)"
)
_KOREAN_INSTEAD = "(?:그냥|사실|정확히는|이건|그건|이거|그거|오히려|차라리)?@"
_KOREAN_IS = (
    "(?:이야|야|이에요|예요|에요|이예요|이죠|죠|이지|지|인데요?|임|입니다|거든요?|이거든요?|인거같아요?|인것같아요?|같아요?"
    "|같은데요?|에가까워요?|라고요?|이라고요?|라니까요?|이라니까요?|요)?"
)
KOREAN_DENIAL = re.compile(f"{_KOREAN_LEAD}#{_KOREAN_NOT}")
KOREAN_EXCHANGE = re.compile(
    f"{_KOREAN_LEAD}#(?:이|가|은|는)?(?:아니고요?|아니라|말고|아니구|아닌데|아니에요|아니예요|아니야|아님|라기보다는?"
    f"|이라기보다는?|보다는?){_KOREAN_INSTEAD}{_KOREAN_IS}"
    f"|{_KOREAN_LEAD}@{_KOREAN_IS}#(?:{_KOREAN_NOT}|(?:이|가)?(?:아니고요?|아니라|말고요?))"
)


def find_item_correction(message: str) -> ItemCorrection | None:
    """What a whole message corrects; None for any other message, and for questions."""
    if len(message) > MAX_LENGTH or "?" in message:
        return None
    text = normalize_letters(message)
    names = find_names(text)
    for rest, thing in names:
        if ENGLISH_DENIAL.fullmatch(rest) or KOREAN_DENIAL.fullmatch(rest.replace(" ", "")):
            return ItemCorrection(denied=thing)
        for both, other in find_names(rest, mark="@"):
            compact = both.replace(" ", "")
            if ENGLISH_EXCHANGE.fullmatch(both) or KOREAN_EXCHANGE.fullmatch(compact):
                return ItemCorrection(denied=thing, instead=other)
    return None
