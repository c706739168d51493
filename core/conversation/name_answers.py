"""Answers to the question for a display name: the name in a sentence, and what only speaks of a name.

A name is shown back before a look is shared under it, so these rules only have to be right most of the time. What
consists of words about names alone ("any name is fine", "아무거나 해줘") is none, and neither is a sentence. Of the
rest the words around the name are removed ("call me Mina please", "이름은 민지로 할게요").
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache

from core.conversation.display_names import normalize_display_name
from core.conversation.intents import find_intent
from core.conversation.text_normalization import normalize_letters
from core.conversation.word_lists import can_be_divided, read_words

MAX_SENTENCE_LENGTH = 60
"""Characters of a message that holds a name and words around it, or speaks of one."""
MIN_SENTENCE_WORDS = 3
"""Of an English sentence."""

_ENGLISH_LEAD = (
    r"(?:yes|yeah|ok|okay|sure|no|nah|hi|hey|just|please|then|maybe|um|hmm+"
    r"|typo|oops|wait|sorry|actually|(?:spelled|typed) it wrong)"
)
_ENGLISH_FRAME = re.compile(
    rf"(?:{_ENGLISH_LEAD}[,!.]* )*"
    r"(?:(?:i )?(?:meant|said)|(?:call|name) me|my name(?:['\u2019]?s| is)"
    r"|(?:i['\u2019]m|(?-i:im)|i am|it['\u2019]?s|it is)"
    r"|(?:share|post|put) (?:it|this|that|me)(?: up)? (?:as|under)"
    r"|(?:let['\u2019]?s |i['\u2019]?(?:d|ll) )?(?:go with|use)"
    r"|i['\u2019]?ll (?:be|take)|(?:can|could|may) i be|i (?:want to|wanna) be|make (?:it|that)"
    r"|(?:how|what) about) (?P<name>.+)",
    re.IGNORECASE,
)
"""A name in a sentence: "share it as Luna"."""
_EMOJI = re.compile("[\u200d\u2600-\u27bf\ufe0f\U0001f000-\U0001faff]+")
"""Symbols that no name on the board may hold; what is left of a name is shown back."""
_END = re.compile(r"(?: (?:please|pls|instead|then|btw|lol|thanks|thx))*[ !?？~ㅋㅎ]*$", re.IGNORECASE)
"""What follows a name in either language."""
_START = re.compile(
    r"(?:(?:음+|아니?|어|네|넵|응|ㅇㅇ|ㅇㅋ|오키|그럼|일단|그냥|걍)[.,!~…]* (?=[가-힣])|\S+ ?(?:말고|아니고|아니라) "
    r"|오타(?:남|났어요?|났네요?|임|야|예요|네요?)?[.,!~]* )+"
    rf"|(?:(?i:{_ENGLISH_LEAD})[,.!]+ |{_ENGLISH_LEAD} (?=[A-Z]))+"
)
"""What precedes a name: "no, Tommy", "민지 말고 민아로". "No Limits" is a name."""
_NOT_A_NAME = re.compile("(?:이거|그거|이게|그게|내가|제가|이름이?) ?(?:말고|아니고|아니라) ")
"""The start of a sentence that names something only as a wish: "그거 말고 민지로", "그게 아니라 얼굴이 문제예요"."""
_KOREAN_END = re.compile(r"[ .!~ㅋㅎ]*$")
_NAME = "(?:이름|닉네임|닉|본명|별명)"
_KOREAN_SUBJECT = re.compile(f"(?P<is_stated>(?:제|내) {_NAME}[은이]? |{_NAME}[은이] |(?:저는?|나는?|난|전) )|{_NAME} ")
"""What a name is said of: "내 이름은 민지야"."""
_NO_VERB = (
    "(?<![해여워려네데게까져켜뻐러래돼디써셔줘봐])(?<![몰달놀골불잘]라)(?<![좋같않많찮알]아)(?<![^고등연장문잉광]어)"
)
_KOREAN_WISH = re.compile(
    r"(?P<name>.+?)(?P<i>이)?(?:(?:으로|로|라고) ?"
    r"(?:할게|할래|할거야|하자|해|해줘|해 ?주세|ㄱㄱ|고고|올려|올려줘|올려 ?주세"
    r"|해 ?주셈|해 ?주삼|하셈|불러줘|불러 ?주세|부탁(?:해|드려|드릴게)?)요?"
    r"|으?로요| 으?로|[이가] ?(?:더 ?)?(?:낫겠[다어]|낫[네다]|나을 ?듯|좋겠[다어])요?"
    rf"|(?:(?:면|{_NO_VERB}도) ?(?:돼|될까|되나)|(?:[은는] ?| )?(?:어때|어떨까))요?[?？]?)"
)
"""A wish about a name: "감자로 할게요"."""
_KOREAN_CHOICE = re.compile("(?P<name>[^ ]+?)(?:할게|할께|할래|할랭|하고싶어)요?")
"""A wish that leaves the particle out: "뽀글이할래"."""
_KOREAN_PARTICLE = re.compile("으로$|(?<=..)로$")
_KOREAN_COPULA = re.compile(r"(?P<name>.+?)(?:(?P<i>이)?[에예]요|입니다)")
"""What follows a name that is told: "소금빵이에요"."""
_KOREAN_POLITE = re.compile(f"(?P<name>.+?)(?P<i>이)?(?:{_NO_VERB}요|라고요?)")
"""A single word with an ending that follows any name, "민지요", "민지라고", but no verb: "행복해요"."""
_KOREAN_CASUAL = re.compile(r"(?P<name>.+?)(?P<i>이)?(?:[야요]|임)")
"""The same behind a subject: "내 이름은 민지야"."""
_KOREAN_SENTENCE = re.compile(
    r".* .*(?:요|죠|돼|[할될볼갈일]까)[ .!~]*|(?=.*[가-힣])(?:.* .* .*|.* .*[아데까니나냐야해는은])[ .]*[?？]"
)
"""What ends like a sentence, and most of what asks with more than one word; "달 토끼?" proposes a name."""
_KOREAN_END_OF_SENTENCE = re.compile(
    "(?:요|죠|[임함됨음]|[는은인한던]데|지|[할올볼갈쓸]래|[할올볼갈쓸]게|네|냐|니|까|돼|해|했|줘|어|아|야|워|려|써|싫|나|라고|가)"
    "[ㅋㅎㅠㅜ]*$"
)
"""What Korean sentences end with, and some names: it only counts together with a word of `[korean_sentence]`."""
_PARTICLES = ("가", "이", "을", "를", "은", "는", "도", "로", "으로", "의", "에")
_NAMES_WITH_I = "송양랑냥댕멍똥순돌둥쟁팽깽맹숭엉벵렁옹챙뚱뚝찍쁜쭉볶땡뽕꿍뭉덩팡냉놀먹걸잡떨돋맞높깊콩"
_KEEPS_I = re.compile(f"(?:[{_NAMES_WITH_I}]|[몽복토북]실|방울|뽀송|얼룩|거북|어린)$")
"""Before an 이 that belongs to the name, as that of 호랑이 does, and not to the ending, as that of 민준이에요."""


def find_typed_name(message: str) -> str | None:
    """The name in an answer to the question for one, as it was typed; None if the answer is no name."""
    if len(message) > MAX_SENTENCE_LENGTH:
        return message
    if is_about_name(message):
        return None
    text = " ".join(_EMOJI.sub(" ", message).split()) or message
    start = _START.match(text)
    rest = text if start is None else text[start.end() :]
    is_wish = bool(_cut(_KOREAN_WISH, rest) or _KOREAN_PARTICLE.search(rest))
    is_other = _NOT_A_NAME.match(text) is not None and not is_wish
    if start is not None and (is_other or find_intent(rest) is not None or is_about_name(rest)):
        return None
    frame = _ENGLISH_FRAME.fullmatch(text)
    name = _find_korean_name(rest) if frame is None else frame["name"]
    if name is None and (_is_sentence(rest) or _has_korean_clause(normalize_letters(text).split())):
        return None
    if name is None:
        name = rest if start is None else _KOREAN_PARTICLE.sub("", _KOREAN_END.sub("", rest))
    name = _END.sub("", name)
    if is_about_name(name) or _is_sentence(name):
        return None
    return name if normalize_display_name(name) is not None else text


def is_about_name(message: str) -> bool:
    """Whether a whole message speaks of the name that was asked for, and is none: "다른 이름으로 할래"."""
    vocabulary, words = _load_words(), normalize_letters(message).split()
    if any(word in "".join(words) for word in vocabulary["korean_about"]):
        return all(can_be_divided(word, _load_known_korean()) for word in words)
    if len(words) <= 1:
        return vocabulary["english_alone"].issuperset(words)
    return not message.istitle() and vocabulary["english_about"].issuperset(words)


def _find_korean_name(text: str) -> str | None:
    """A name with Korean words around it."""
    answer = _KOREAN_END.sub("", text)
    subject = _KOREAN_SUBJECT.match(answer)
    rest = answer if subject is None else answer[subject.end() :]
    name = _cut(_KOREAN_WISH, rest) or _cut(_KOREAN_CHOICE, rest) or _cut(_KOREAN_COPULA, rest)
    if name is None and subject is not None:
        name = _cut(_KOREAN_CASUAL, rest) or (rest if subject["is_stated"] else None)
    if name is None and " " not in rest:
        name = _cut(_KOREAN_POLITE, rest)
    return name


def _cut(ending: re.Pattern[str], text: str) -> str | None:
    """The name before an ending, with an 이 that belongs to it; None if the text does not end so."""
    match = ending.fullmatch(text)
    if match is None:
        return None
    stem = match["name"]
    return f"{stem}이" if match.groupdict().get("i") and (_KEEPS_I.search(stem) or not _has_final(stem[-1])) else stem


def _has_final(syllable: str) -> bool:
    """Whether a Hangul syllable ends in a consonant; the 28 forms of each syllable begin with the one without."""
    return (ord(syllable) - ord("가")) % 28 != 0


def _is_sentence(answer: str) -> bool:
    """Whether an answer is a sentence: "keep it to yourself", "이거 누가 봐요". "This Is Me" is written as a name."""
    words = normalize_letters(answer).split()
    if answer.istitle():
        return False
    if _KOREAN_SENTENCE.fullmatch(answer) or _has_korean_clause(words):
        return True
    known = sum(word in _load_words()["english_sentence"] for word in words)
    return len(words) >= MIN_SENTENCE_WORDS and 2 * known >= len(words)


def _has_korean_clause(words: Sequence[str]) -> bool:
    """Whether words have parts that Korean sentences have and names have not: "나중에 내릴 수 있음".

    One part may belong to a name ("부끄러워"), unless several words end like a sentence.
    """
    compact = "".join(words)
    found = [part for part in _load_words()["korean_sentence"] if part in compact]
    ends = len(words) > 1 and _KOREAN_END_OF_SENTENCE.search(compact) is not None
    return len(found) > 1 or (bool(found) and ends)


@cache
def _load_known_korean() -> frozenset[str]:
    """What is said about names, with the particles behind what it is said of."""
    about = _load_words()["korean_about"]
    return about | _load_words()["korean_filler"] | {word + particle for word in about for particle in _PARTICLES}


@cache
def _load_words() -> Mapping[str, frozenset[str]]:
    return read_words("name_answer_words.txt")
