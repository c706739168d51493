"""Words of occasions, of wearing and of comparing, in questions about a look."""

import re
from dataclasses import dataclass
from enum import StrEnum

from core.conversation.text_normalization import normalize_letters


class Occasion(StrEnum):
    """Where a look is to be worn; the value is part of the keys of its texts, `occasion.<value>`."""

    INTERVIEW = "interview"
    WEDDING = "wedding"
    """As a guest."""
    DATE = "date"
    OFFICE = "office"
    TRAVEL = "travel"
    OTHER = "other"
    """An occasion that Eva does not judge: a funeral, a party, the gym."""


OCCASION_WORDS = {
    Occasion.INTERVIEW: re.compile(r"면접(?!관)|\b(job )?interviews?\b"),
    Occasion.WEDDING: re.compile(r"하객|결혼\s?식|예식|돌\s?잔치|웨딩|\b(weddings?|bridal shower|wedding guest)\b"),
    Occasion.DATE: re.compile(
        r"소개팅|맞선|(?<!업)데이트(?!\s?(앱|어플))|첫\s?만남"
        r"|\b((first|blind|dinner|coffee|movie|lunch|second|third) dates?"
        r"|date (night|outfit|look|fit|tonight|tomorrow|dress)"
        r"|(for|on|to|have|got|going on) (a|my|our|the|another) (\w+ )?date"
        r"|my date|anniversary|valentine s)\b"
    ),
    Occasion.OFFICE: re.compile(
        r"출근(?!길)|첫\s?출근|(?<!여행)회사(에|에서|갈|용|룩|\s(갈|입|이렇게|룩))|오피스|사무실|직장에|회의\s?(때|룩|있)|출장"
        r"|\b(office|workwear|(for|to|at) work|work (outfit|look|fit|clothes|today|tomorrow)"
        r"|first day at work|my (new )?job)\b"
    ),
    Occasion.TRAVEL: re.compile(
        r"여행(?!사)|공항\s?(패션|룩|갈|에)|바캉스|휴가(룩|\s?(때|갈|가서|지))|해외\s?갈"
        r"|\b(trips?|travel(ing|ling)?|vacation|holiday (outfit|look|fit)|airport|flight|on the plane)\b"
    ),
    Occasion.OTHER: re.compile(
        r"장례식|조문|문상|빈소|상견례|회식|파티|학교|등교|개강|졸업식|입학식|동창회|모임|헬스장?|운동(?!화|복)|클럽|콘서트|페스티벌|교회|산책|등산(?!화|복)|소풍"
        r"|\b(funeral|memorial|party|parties|prom|(?<!old )school(?! (uniform|girl|boy))"
        r"|(to|for|in) class|graduation|reunion|gym|workout|club|concert"
        r"|festival|church|brunch|picnic|hike|hiking)\b"
    ),
}
"""Words of an occasion, in the order in which they decide."""
COMPARISON = re.compile(
    r"(뭐가|뭘|뭐|어떤\s?(게|거|걸|것|옷)|어느\s?(게|거|걸|것|쪽|옷)|둘\s?중|셋\s?중|이\s?중|몇\s?번)[^?]{0,12}"
    r"(나아|나을|낫|예뻐|예쁠|이뻐|좋아|좋을|어울|골라|고를|입을까|입지|입고|추천|괜찮)"
    r"|골라\s?(줘|주세|봐|주|달)|1번\s?2번|1번\s?(이랑|하고|아니면|vs)\s?2번"
    r"|\bwhich( (one|ones|outfit|look|dress|fit|top|shirt|jacket|option|photo|style|of (these|them|the)"
    r"|should|do you))\b"
    r"|\bwhich( \w+){0,2} (is|are|looks?|works?|fits?|suits?|would be)( \w+)? (better|best|nicer|more|good)\b"
    r"|\b(this or that|these or those|1 or 2|one or two|first or second|a or b|left or right)\b"
    r"|\b(pick|choose)( (me|for me|out|between))?( (one|for me|these|them|the best|between))"
    r"|\bhelp me (pick|choose|decide)\b"
    r"|\bwhich is better\b|\bbetter (one )?for\b"
)
"""A question which of several looks is better."""
CLOTHES = re.compile(
    r"괜찮|어때|어떨|어울|맞을|입(어|으|을|고|은|는|기)|될까|되나|되겠|돼요$|(?<!신)룩|코디|패션|옷"
    r"|\b(fine|ok|okay|works?|wear(ing)?|suits?|suitable|outfit|looks?|fit|fits|appropriate|material|worthy"
    r"|for (a|an|my|the|our)"
    r"(?= (\w+ ){0,2}(interview|wedding|date|office|job|trip|vacation|flight|funeral|party|gym|graduation|concert|club)"
    r"))\b"
)
"""Words about wearing, in questions without a question mark."""
MAX_SOLE_LENGTH = 60
"""Characters from which a text says more than an occasion."""
SOLE_NAMES = {
    Occasion.INTERVIEW: (r"면접|인터뷰|취업면접|입사면접", r"(job |work |uni |college )?interviews?"),
    Occasion.WEDDING: (
        r"하객|결혼식|친구결혼식|예식|돌잔치|웨딩|결혼식하객",
        r"((my |a )?(friend|sister|brother|cousin) s )?weddings?( guest)?",
    ),
    Occasion.DATE: (
        r"소개팅|맞선|첫?데이트|첫만남",
        r"((first|blind|dinner|coffee|movie|lunch|second|third) )?dates?( night)?|anniversary",
    ),
    Occasion.OFFICE: (
        r"첫?출근|회사|오피스|사무실|직장|회의|출장",
        r"office|work|first day at work|new job|meeting|business trip",
    ),
    Occasion.TRAVEL: (
        r"(해외|국내|제주도?|유럽)?여행|공항|바캉스|휴가",
        r"(business |road |weekend )?trips?|travel(l?ing)?|vacation|holidays?|airport|flight",
    ),
    Occasion.OTHER: (
        r"장례식장?|조문|문상|상견례|회식|(생일)?파티|학교|등교|개강|졸업식|입학식|동창회|모임|헬스장?|운동|클럽|콘서트|페스티벌"
        r"|교회|산책|등산|소풍",
        r"funeral|memorial|(birthday |dinner |house )?party|prom|school|graduation|reunion|gym|workout|club|concert"
        r"|festival|church|brunch|picnic|hike|hiking",
    ),
}
"""Names of an occasion that are a message by themselves, in Korean without spaces and in English."""
_KOREAN_SOLE = (
    "(음|어|아|그럼|그냥|저|나|난|오늘|내일|모레|글피|이번주|다음주|주말|이번주말|낼|저녁|아침|에|은|는|곧|친구|[월화수목금토일]요일)*"
    "({names})(룩|패션|복|복장|용|때|날|자리|코디|옷|차림)?(에|엔|은|는|도|으로|로|이|가|하러|보러|갈|갈때|입을거|입을옷)*"
    "(이요|요|이에요|예요|에요|이예요|이야|야|임|인데|인데요|입니다|이라서요|라서요|있어|있어요|있음|가요|갑니다|가)?[ㅋㅎㅠㅜ]*"
)
_ENGLISH_SOLE = (
    "((um|oh|well|so|and|or|maybe|just|mostly|yes|hi|eva) )*"
    "((what|how) about |and |i (have|ve got|ve) |i m (going to|off to) |it s |this is |that s |ok |good |fine |wear )?"
    "((for|to|at|on) )?((a|an|the|my|our|this|tomorrow s|today s) )?"
    "({names})( (outfit|look|fit|clothes))?"
    "( (tomorrow|today|tonight|now|soon|please|next (week|month)"
    "|this (week|weekend|evening|morning|afternoon|friday|saturday)"
    "|(on )?(monday|tuesday|wednesday|thursday|friday|saturday|sunday)|morning|evening|night|then|maybe|thanks))*"
)
_SOLE = {
    occasion: (re.compile(_KOREAN_SOLE.format(names=korean)), re.compile(_ENGLISH_SOLE.format(names=english)))
    for occasion, (korean, english) in SOLE_NAMES.items()
}


def find_sole_occasion(text: str) -> Occasion | None:
    """The occasion that is all that a text says: "an interview", "내일 면접이요"; None if it says more.

    Args:
        text: a caption or a message, in any language.
    """
    if len(text) > MAX_SOLE_LENGTH:
        return None
    normalized = normalize_letters(text)
    compact = normalized.replace(" ", "")
    for occasion, (korean, english) in _SOLE.items():
        if korean.fullmatch(compact) or english.fullmatch(normalized):
            return occasion
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class OccasionQuestion:
    """What the text under a photo asks."""

    occasion: Occasion | None = None
    compares: bool = False
    """Whether it asks which of several looks is better."""
    is_about_clothes: bool = False
    """Whether it asks something, speaks of wearing and fitting, or is nothing but an occasion: "late for work" does
    not."""

    @property
    def asked_occasion(self) -> Occasion | None:
        """The occasion, if it asks whether clothes suit it."""
        return self.occasion if self.is_about_clothes else None


def read_occasion_question(text: str) -> OccasionQuestion:
    """What a text asks about a look or about several.

    Args:
        text: a caption or a message, in any language.
    """
    normalized = normalize_letters(text)
    sole = find_sole_occasion(text)
    occasion = sole or next((named for named, words in OCCASION_WORDS.items() if words.search(normalized)), None)
    return OccasionQuestion(
        occasion=occasion,
        compares=COMPARISON.search(normalized) is not None,
        is_about_clothes=sole is not None or "?" in text or CLOTHES.search(normalized) is not None,
    )
