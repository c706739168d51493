"""What a question or a correction of an item is about without naming it: "the shoes", "위에 입은 거".

"Are the shoes heels?" asks the same as "are they heels?", and "is the coat navy?" as "is it navy?".
"""

import re
from collections.abc import Iterator

from core.clothing import Item
from core.conversation.attribute_mentions import find_names
from core.conversation.garment_kinds import KOREAN_KIND_NAMES, Subject, find_kind

_MARK = "@"
_ENGLISH_DETERMINER = (
    r"\b(?:the|that|this|those|these|both|my|her|his|our|their)(?: (?:other|whole|main|outer|upper|lower|actual))?"
)
_ENGLISH_WORN = r"(?:(?:that )?(?:i m|i am|i was|i have|she s|he s)? ?(?:wearing|in|holding|carrying))"
_ENGLISH_PLACE = (
    r"(?:(?:on|around|over|in|under|at) (?:my|the|her|his|this|that) "
    r"(?:head|feet|foot|neck|shoulders?|waist|legs?|arms?|hands?|eyes|face|top|bottom|photo|picture))"
)
_ENGLISH_KIND = (
    r"(?:tops?|bottoms?|upper|lower|(?:upper|lower|top|bottom|outer)? ?(?:part|half|garment|piece|layer)"
    r"|shoes?|footwear|outer ?wear|clothes|clothing|outfit|items?|things?|one|pattern|print|motif|design|fabric"
    r"|material|texture|colou?rs?|head ?wear|accessory)"
)
_ENGLISH = re.compile(
    rf"(?:{_ENGLISH_DETERMINER} {_ENGLISH_KIND}|^(?:shoes|footwear|bottoms|outer ?wear))"
    rf"(?: (?:{_ENGLISH_WORN}|{_ENGLISH_PLACE}))*(?= )"
    rf"|\bwhat (?:i m|i am|i was|she s|he s) (?:wearing|holding|carrying)(?: {_ENGLISH_PLACE})?(?= )"
)
_ENGLISH_GARMENT = re.compile(
    rf"(?:{_ENGLISH_DETERMINER} |^){_MARK}(?: (?:{_ENGLISH_WORN}|{_ENGLISH_PLACE}))*(?= [a-z])"
)

_KOREAN_LEAD = (
    r"(?:(?:이거|혹시|아까|방금|진짜|정말|근데|그럼|에바야?|아니|지금|오늘"
    r"|사진에?서?|여기|내가|제가|그거|그건|저거|저건|아닌데|나|저|내|제|이|그|요|네) ?){0,4}"
)
_KOREAN_WHERE = r"(?:위|아래|밑|안|겉|속|발|머리|목|허리|어깨|손|팔|얼굴|상체|하체|다리)(?:쪽)?(?:에다?)? ?"
_KOREAN_VERB = (
    r"(?:입은|입고 ?있는|신은|신고 ?있는|쓴|쓰고 ?있는|두른|두르고 ?있는|맨|매고 ?있는|멘|메고 ?있는|한|하고 ?있는"
    r"|걸친|걸치고 ?있는|든|들고 ?있는)"
)
_KOREAN_KIND = (
    rf"(?:(?:{_KOREAN_WHERE})?{_KOREAN_VERB} ?(?:거|것|게|건|옷|신발)"
    rf"|{KOREAN_KIND_NAMES}|옷|의상|위쪽?|아래쪽?|윗부분|아랫부분)"
)
_KOREAN_ASPECT = r"(?:의? ?(?:무늬|패턴|소재|재질|원단|옷감|색깔|색상|색|컬러))"
_KOREAN_PARTICLE = r"(?:이|가|은|는|도)?"
_KOREAN = re.compile(
    rf"{_KOREAN_LEAD}(?:(?P<kind>{_KOREAN_KIND}){_KOREAN_ASPECT}?|(?!의){_KOREAN_ASPECT})"
    rf"(?:에는|엔|에|{_KOREAN_PARTICLE}) ?(?=[가-힣a-z])"
)
_KOREAN_GARMENT = re.compile(
    rf"{_KOREAN_LEAD}{_MARK}{_KOREAN_ASPECT}?(?:(?:에는|엔|에)(?=.*없)|{_KOREAN_PARTICLE}) ?(?=[가-힣a-z])"
)


def drop_subject(text: str) -> Iterator[tuple[str, Subject | None]]:
    """The normalized text without what it is about: with "it" in English, and with nothing in Korean.

    Yields nothing for a text that is about nothing of this kind. Each text comes with the garment, or with the kind of
    garments, that it is about; None where it is about the whole outfit, or says no more.
    """
    if (match := _ENGLISH.search(text)) is not None:
        yield f"{text[: match.start()]}it{text[match.end() :]}", find_kind(match[0])
    if (match := _KOREAN.match(text)) is not None:
        yield text[match.end() :], find_kind(match["kind"] or "")
    for rest, mention in find_names(text, mark=_MARK):
        garment = mention.thing
        if not isinstance(garment, Item) or not garment.is_worn_alone:
            continue
        if (match := _ENGLISH_GARMENT.search(rest)) is not None:
            yield f"{rest[: match.start()]}it{rest[match.end() :]}", garment
        if (match := _KOREAN_GARMENT.match(rest)) is not None:
            yield rest[match.end() :], garment
