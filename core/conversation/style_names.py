"""The names that people use for the eight styles, and what a message says with them.

A message names a style if the whole message is about it: "I think it's street" does, "street food" does not. It answers
with a style if it says that the look is of this style: "not street" and "why street?" do not.
"""

import re
from collections.abc import Mapping
from functools import cache

from core.conversation.narration import style_name
from core.conversation.text_normalization import normalize_letters, normalize_speech
from core.conversation.word_lists import can_be_divided, read_words
from core.i18n.translations import Language, translate
from core.styles import STYLES, Style

MAX_STYLE_ANSWER_LENGTH = 40
"""The most characters of a message that answers with a style; a longer message talks about one."""
PREFERS_SECOND = re.compile(
    r".*#(이라기|라기|이기)?보(다|단)(는|도|야)?(좀|더|오히려|차라리)?#.*|.*#(은|는|이|가)?(아니고|말고|아니라)#.*"
    r"|(no )?(it s |i d say |i think )?not (really )?(a )?# ?(but |rather |more |more like |it s |i d say |just )*#.*"
)
PREFERS_FIRST = re.compile(
    r".*#( look| style| vibes?)? (rather than|not|instead of|over|more than|and not|than) (a )?#.*"
)
SUGGESTS = re.compile(
    r"#(룩|스타일|느낌|쪽)?(이|가)?(같은데|인데|인거같은데|인것같은데|맞는거같은데|에더?가까운거같은데)요?"
    r"|((but|no|hmm|well|so) )*(more like|i d say|you mean)"
    r"( (more|a|an|just|like|of a|called|kind of|rather))* #( though| look| style| really| no)?"
)
"""A statement, also with a question mark: "스트릿인데?", "more like street?"."""
ASKS_OPINION = re.compile(
    r"#(룩|스타일|느낌|쪽)?(이|가)?(아니야|아니에요|아니예요|아니냐|아닌가|아닌가요|아님|아니죠|아니지|아닐까|아닐까요|아닌지"
    r"|맞지|맞죠|에더?가깝지않나|에더?가깝지않나요)"
    r"|((but|no|hmm|well|so|wait) )*(isn t|wouldn t you say|don t you think|shouldn t|couldn t|wasn t)"
    r"( (this|that|it|it be|it s|it be more|this be))?"
    r"( (more|a|an|just|like|of a|called|kind of|rather))* #( though| look| style| really| no)?"
)
"""A question whether the look has a style that Eva did not name: "isn't it street?", "스트릿 아니야?"."""
_IS_SUGGESTED = re.compile(
    r"(?:(?:but|no|hmm|well|so) )*(?:(?:isn|wasn|couldn|shouldn) t (?:it|this|that)|(?:wouldn|don) t you)\b"
    r"|.*#.*아(?:닌가|닐까|닌지)요?$"
)
"""The start of a question that is one without its mark as well: "isn't this mode"; "isn't mode" denies it."""
_UNSURE = re.compile(
    r"^ *(?:(?:음|아|잘|진짜|솔직히)[,. ]+)*(?:모르겠|몰라|몰겠|어려워|어렵)[가-힣]{0,4}[ ,.~ㅋㅎㅠㅜ]+"
    r"|^ *(?:(?:um|hmm|i) )*(?:idk|dunno|(?:don['\u2019]?t|do not) know|no idea|not sure)[ ,.]+"
    r"(?!what|how|why|which|if |whether)(?:but |maybe )*",
    re.IGNORECASE,
)
"""Doubt before a guess: "몰라 캐주얼", "idk, maybe street"."""
_ASKS_ABOUT_STYLE = re.compile(r"\b(?:about|ask|explain|know|mean|means|say|see|tell)\b")
"""Words of questions about a style in general: "can you explain street?"."""
SHORT_DENIAL = re.compile("#(아니야|아니에요|아니예요|아님)")
"""Denies the style, or suggests it with a question mark that was left out."""
KOREAN_REQUEST = re.compile(
    r"왜|어째서|무슨|어떤|뭔|무엇|#(?!이?(?:지|죠)뭐요?$).*뭐|궁금|알려|설명|말해|보여(줘|주)|#(룩|스타일)?이?란|좋(아|은|다|네)"
)
"""Asks about a style, or likes it, also without a question mark: neither says what the look is."""
_ENGLISH_REQUEST = re.compile(r"\b(?:tell (?:me|us)|explain|ask about|if (?:it|this|that))\b")
"""Asks about a style, or supposes it."""
KOREAN_DOUBT = re.compile(r".*#.*(일까|인가|맞나|맞는가|맞는지)요?")
"""Asks whether a verdict is right; before a verdict it is a guess."""
DISAGREES = re.compile(
    r"(?!(?:are|r) (?:you|u) )(?:(?:no|nah|nope|bro|bruh|dude|sorry) )*"
    r"(?:(?:(?:ur|u|you|re|are|r|that s|so|way|i m) )*(?:wrong|off)|(?:i m )?(?:pretty|quite|fairly|very) sure) "
    r"(?=(?:it|this|i d|more) )"
)
"""Before a style in a message that contradicts the verdict: "ur wrong it's street"."""
KOREAN_DISAGREES = re.compile(
    "(?:(?:아니|에이|아|야|음|근데|헐|엥|땡|노노?|ㄴㄴ|그게|그건|그거|이건|이게) ?){0,4}"
    "(?:아니(?:야|에요|예요|거든요?|라고요?|라니까요?|지|죠|요|라|고)|아닌데요?|아닙니다|아뇨|틀렸(?:어요?|네요?|는데요?)|틀림|땡|말고요?"
    "|다른데요?) ?(?=.*#)"
)
"""The same in Korean: "에이 아니야 스트릿이지", "그게 아니라 레트로"."""
QUESTION_STARTS = ("why", "what is", "what s", "what do", "what about it", "how", "difference", "do", "are")
_CHOICE = (
    "# or #|#{is_asked}(?:아니면|또는)?#{is_asked}|#(?:이?랑|하고|와|과)?#(?:둘)?중에?서?(?:뭐|뭔|어느|어디).*".format(
        is_asked="(?:룩|스타일|느낌)?(?:이야|야|이에요|예요|이냐|냐|인가요?|일까요?|임|인지)?"
    )
)
ASKS_WHETHER = re.compile(
    r"(?:(?:so|but|and|or|ok|no|hmm|wait|oh|um|hey) )*"
    r"(?:(?:is|was|could|can|might|may|does|would|will) (?:it|this|that)"
    r"|(?:do|would|could|can) you (?:say|think|call|see|consider)|(?:what|how) about(?! it ))\b.*#.*"
    f"|{_CHOICE}"
)
"""Asks whether the look has a style, or which of two, with or without a question mark: "is it street"."""
ASKS_ODDS = re.compile(
    r"(?:(?:so|and|but|ok|then|what|how|were|was|are|is|s|the|your|tell|me|about) )*"
    r"(?:odds|chances?|probability|likelihood|percent(?:age)?|likely|sure|certain|close)"
    r"(?: (?:is|was|are|were|you|it|this|that|of|for|on|to|being|a|about|s))* #(?: then| though| again| look)?"
    r"|(?:그럼|근데|그래서|혹시|음)*#(?:은|는|이|가|일)?(?:확률)?(?:은|는|이|가)?"
    r"(?:몇퍼센트|몇퍼|몇프로|몇%|얼마|얼마나|확률)[가-힣]{0,5}"
)
"""Asks how likely a style is: "what were the odds for street", "스트릿은 몇 퍼였어?"."""
DENIAL = re.compile(
    r"(?<!보)((?<!^)아니|아냐|아님|아닌(?!가|지)|안어울|없)"
    r"|\b(not|isn t|don t|doesn t|wouldn t|couldn t|wasn t|can t|hardly|never)\b(?!.*#.*#)"
)
MASK = "#"
"""Stands for the name of a style in a masked text."""
OTHER_NAMES = {
    Style.BUSINESS_CASUAL: "smart casual, office casual, biz cas, business, buisness casual"
    ", 비즈니스캐주얼, 비즈캐주얼, 비캐, 오피스룩",
    Style.ETHNIC: "ethnic, bohemian, folklore, 에스닉, 포크, 전통, 보헤미안, 보호시크",
    Style.FEMININE: "여성스러운, 여성스럽",
    Style.GIRLISH: "girly, 걸리쉬, 걸리시룩, 소녀풍, 소녀스러운",
    Style.RETRO: "vintage, 80s, eighties, 빈티지, 복고, 복고풍, 80년대, 레트로",
    Style.MODE: "british, 브리티시, 브리티쉬, 브리티시모드",
    Style.CASUAL: "캐쥬얼, 꾸안꾸",
    Style.STREET: "street style, street wear, 스트릿룩, 스트릿웨어, 스트리트웨어, 스트릿, 스트리트",
}
"""Further names, in addition to those of the catalog."""


def find_style_name(message: str) -> Style | None:
    """The style that a whole message is about; of several the first one."""
    masked, styles = find_styles(message)
    if not styles:
        return None
    masked = _drop_disagreement(masked)
    words = masked.replace(MASK, " ").split()
    is_english = _load_words()["english"].issuperset(words)
    return styles[0] if is_english or _is_korean_phrase(masked) or _suggests(_joined(masked)) else None


def parse_style_answer(message: str, *, named: Style | None = None) -> Style | None:
    """The style that a message says the look has; None if it asks for one, denies one, or says more than that.

    Args:
        message: the message.
        named: the style that Eva named, if she did: "스트릿 아니야" denies it, or suggests another one.
    """
    masked, styles = find_styles(message)
    if not styles or len(message) > MAX_STYLE_ANSWER_LENGTH:
        return None
    joined, first = _joined(_drop_disagreement(masked)), styles[0]
    is_asked = KOREAN_REQUEST.search(joined) or _ENGLISH_REQUEST.search(joined) or ASKS_WHETHER.fullmatch(joined)
    if is_asked or (named is not None and KOREAN_DOUBT.fullmatch(joined)):
        return None
    if len(set(styles)) > 1:
        return _preferred(joined, styles)
    if "?" in message or _IS_SUGGESTED.match(joined):
        is_answer = SUGGESTS.fullmatch(_drop_words_before(joined)) is not None
    elif SHORT_DENIAL.fullmatch(_drop_words_before(joined)):
        is_answer = named is not None and first is not named
    else:
        is_question = joined.startswith(QUESTION_STARTS) or DENIAL.search(joined) is not None
        is_answer = not is_question and find_style_name(message) is first
    return first if is_answer else None


def parse_style_guess(message: str) -> Style | None:
    """The style that a message guesses before the verdict, where a question mark only says that it is a guess."""
    message = _UNSURE.sub("", message)
    styles = find_asked_styles(message)
    style = styles[0] if len(styles) == 1 else parse_style_answer(message)
    if style is not None or "?" not in message or _ASKS_ABOUT_STYLE.search(normalize_letters(message)):
        return style
    return parse_style_answer(message.replace("?", " "))


def find_asked_styles(message: str) -> tuple[Style, ...]:
    """The styles of which a message asks whether the look has them: "is it street or casual?", "스트릿일까?"."""
    masked, styles = find_styles(message)
    joined = _joined(_drop_disagreement(masked))
    if not styles or len(message) > MAX_STYLE_ANSWER_LENGTH:
        return ()
    is_named = find_style_name(message) is not None and (
        ASKS_WHETHER.fullmatch(joined) or KOREAN_DOUBT.fullmatch(joined)
    )
    is_suggested = "?" in message or _IS_SUGGESTED.match(joined)
    is_asked = (
        is_named or ASKS_ODDS.fullmatch(joined) or (is_suggested and ASKS_OPINION.fullmatch(_drop_words_before(joined)))
    )
    return tuple(dict.fromkeys(styles)) if is_asked else ()


def _suggests(joined: str) -> bool:
    rest = _drop_words_before(joined)
    return SUGGESTS.fullmatch(rest) is not None or ASKS_OPINION.fullmatch(rest) is not None


def _preferred(joined: str, styles: tuple[Style, ...]) -> Style | None:
    """The style that is preferred to another one; None if a message compares nothing or more than two."""
    if len(styles) == 2 and PREFERS_SECOND.fullmatch(joined):
        return styles[1]
    return styles[0] if len(styles) == 2 and PREFERS_FIRST.fullmatch(joined) else None


def _drop_disagreement(masked: str) -> str:
    """A masked message without a contradiction of the verdict in front of the style."""
    start = DISAGREES.match(masked) or KOREAN_DISAGREES.match(masked)
    return masked if start is None else masked[start.end() :]


def _joined(masked: str) -> str:
    """A masked message, without spaces if it is Korean."""
    return masked.replace(" ", "") if re.search("[가-힣]", masked) or masked == MASK else masked


def _is_korean_phrase(masked: str) -> bool:
    return can_be_divided(masked.replace(" ", ""), _load_words()["korean"] | {MASK})


def _drop_words_before(joined: str) -> str:
    """A joined Korean message without what may stand before the first style."""
    before, _, after = joined.partition(MASK)
    return MASK + after if can_be_divided(before, _load_words()["korean"]) else joined


@cache
def _load_words() -> Mapping[str, frozenset[str]]:
    return read_words("style_words.txt")


def mask_style_names(text: str) -> str:
    """A normalized text with `#` in place of each name of a style."""
    return _find(text)[0]


def find_styles(message: str) -> tuple[str, tuple[Style, ...]]:
    """The normalized message with `#` in place of each name, and the named styles in their order.

    Of two names that begin at the same place the longer one counts, since Business Casual is not Casual.
    """
    return _find(normalize_speech(message))


def _find(text: str) -> tuple[str, tuple[Style, ...]]:
    pattern, styles = _compile()
    found: list[Style] = []

    def mask(match: re.Match[str]) -> str:
        found.append(styles[match[0].replace(" ", "")])
        return MASK

    return pattern.sub(mask, text), tuple(found)


@cache
def _compile() -> tuple[re.Pattern[str], dict[str, Style]]:
    """A pattern for every name, longest first, and the styles by their names without spaces."""
    names = {style_name(style, language): style for style in STYLES for language in Language}
    names |= {style.value.replace("_", " "): style for style in STYLES}
    for key in ("talk.style", "talk.style.called"):
        names |= {translate(f"{key}.{style}", language): style for style in STYLES for language in Language}
    names |= {name: style for style, others in OTHER_NAMES.items() for name in others.split(", ")}
    styles = {normalize_letters(name): style for name, style in names.items()}
    # A name may be written with or without its spaces.
    alternatives = "|".join(re.escape(name).replace(r"\ ", " ?") for name in sorted(styles, key=len, reverse=True))
    pattern = re.compile(rf"(?<![a-z0-9])(?:{alternatives})(?![a-z])")
    return pattern, {name.replace(" ", ""): style for name, style in styles.items()}
