"""What a message without a photo says, as one intent of a single table for all channels.

A message has an intent only if the whole message expresses it: "no" declines, "no idea" and "now what" do not. Before
the comparison a message is normalized (`text_normalization`), and the name of Eva and words that add nothing ("oh",
"please", "혹시") are removed from both ends. Korean is compared without spaces, since people write it with and without.
Names of styles become `#`, so that "why street?" and "not casual" are sentences of the table as well.

The table is in `intent_patterns/`: phrases first, then frames whose parts combine freely. `docs/intents.md` has the
precision and recall of each intent.

See ADR 0039.
"""

import re
from enum import StrEnum
from functools import cache
from importlib.resources import files

from core.conversation.intent_keywords import match_keywords
from core.conversation.style_names import mask_style_names
from core.conversation.text_normalization import normalize_letters

MAX_INTENT_LENGTH = 120
"""Characters of a message from which it is no single intent, except for a mention of self-harm."""

MAX_KOREAN_LENGTH = 40
"""Characters, without spaces, from which a Korean message is no single intent."""
_ENGLISH_VERB = r"(?:share|post|publish|upload|add|put|delete|erase|remove|wipe)"
_ENGLISH_OBJECT = (
    r"(?: (?:it|this|that|these|them|my|me|the|any|of|on|to|up|online|look|looks|outfit|outfits|photo|photos|picture"
    r"|pictures|pic|pics|account|data|anything|everything|stuff|history|board|leaderboard|here|now|yet|anywhere|please"
    r"|eva|anymore|one)){0,7}"
)
_ENGLISH_REFUSAL = re.compile(
    r"(?:(?:please|no|nope|hey|eva|wait|actually|but|and|so|ok|oh|you|i) )*"
    r"(?:don t|do not|never|won t|will not|i d rather not|rather not|better not)"
    rf"(?: (?:want|wanna|need|like|you)(?: to)?| ever| dare)* {_ENGLISH_VERB}{_ENGLISH_OBJECT}"
)
_ENGLISH_NEGATION = re.compile(rf"\b(?:don t|do not|never|didn t|not|won t)(?: \w+){{0,3}} {_ENGLISH_VERB}\b")
_ENGLISH_QUESTION = re.compile(
    r"(?:(?:hey|eva|wait|so|and|but|oh|sorry|ok|um) )*(?:did|does|do (?:you|they|we|others)|who|why|when|where|has|have"
    r"|had|is|are|was|were|what|which|will you)\b"
)
_KOREAN_VERB = "(?:올리|공유하|공개하|게시하|지우|삭제하|없애|탈퇴하|탈퇴시키)"
_KOREAN_START = (
    "(?:제발|아직|절대|그냥|아니|아니요|아뇨|저|나|난|전|내|제|이거|그거|이|사진|코디|룩|계정|데이터|기록|정보|보드|리더보드"
    "|게시판|은|는|을|를|도|에|좀|다|전부)*"
)
"""No text may be a sequence of these words in two ways: each one doubles the time of what does not match in the end."""
_KOREAN_REFUSAL = re.compile(
    f"{_KOREAN_START}(?:{_KOREAN_VERB}(?:지(?:는|도|좀)?(?:마|말|않)|기(?:는)?싫|면안돼)"
    "|(?:공유|공개|게시|삭제|탈퇴)(?:는|은)?(?:안(?:해|할|하|한다)|하지마|싫)"
    "|안(?:올려|올릴|올리|지워|지울|지우|없앨|공유할|공유해|공개할|공개해|삭제할|삭제해|탈퇴할|탈퇴해))[가-힣]{0,6}[ㅋㅎㅠㅜ]*"
)
_KOREAN_QUESTION = re.compile(
    "(?:올렸|올라갔|올라가있|공유했|공유됐|공유된|공개했|공개됐|게시했|지웠|지워졌|삭제했|삭제됐|탈퇴됐|없앴)|누가|왜|언제"
    "|(?:지우|없애|삭제하|탈퇴하|올리|공유하|공개하)면(?:어떻|어떡|어찌|뭐가|무슨|다시|복구|되돌)"
)
_KOREAN_TOPIC = re.compile(
    "(?:누가|왜|언제)?(?:(?:누가|혹시|벌써|제|내|이|이거|사진|코디|룩|데이터|보드|리더보드|게시판|은|는|을|를|도|가|에|거기)*)"
    "(?:누가|왜|언제)?(?:올렸|올라갔|올라가있|공유했|공유됐|공개했|공개됐|지웠|지워졌|삭제했|삭제됐)[가-힣]{1,5}"
)


class Intent(StrEnum):
    """What a message says."""

    SELF_HARM = "self_harm"
    """The person writes about harming or killing themselves."""
    ARE_YOU_HUMAN = "are_you_human"
    YES = "yes"
    NO = "no"
    CANCEL = "cancel"
    """Stop, or wait: nothing may happen now."""
    THANKS = "thanks"
    GREETING = "greeting"
    BYE = "bye"
    NEW_PHOTO = "new_photo"
    """A photo is announced, or it is asked whether one may be sent."""
    HELP = "help"
    MENU = "menu"
    WHO = "who"
    """Who Eva is and what she does."""
    HOW = "how"
    """How the judgement works."""
    ACCURACY = "accuracy"
    PHOTOS = "photos"
    """What happens to photos."""
    DELETE = "delete"
    DELETE_ONE = "delete_one"
    """Delete a single look, which must not end in the erasure of all."""
    LANGUAGE = "language"
    PRICE = "price"
    MAKER = "maker"
    STYLES = "styles"
    """Which styles there are."""
    SHARE = "share"
    """Put the look on the leaderboard; nothing is shared before a button confirms it."""
    UNSHARE = "unshare"
    """Take a look off the leaderboard; its button is shown, and nothing is taken off before it is pressed."""
    REPORT = "report"
    """Report a look or a person, or block a person."""
    NEWS = "news"
    """Get no messages that were not asked for."""
    LEADERBOARD = "leaderboard"
    """What others wear, and who is on top today."""
    HISTORY = "history"
    """The person's own earlier looks."""
    WEEK = "week"
    """The card of the person's last seven days."""
    ACCOUNT = "account"
    """How to log in to the site."""
    WHY = "why"
    DETAILS = "details"
    """The runner-up and the probabilities."""
    SEEN = "seen"
    """Which clothes and colors Eva sees."""
    SWAP = "swap"
    """What would have to be exchanged for another style."""
    SIMILAR = "similar"
    """Public looks that resemble the last one."""
    BOTH = "both"
    WEAR = "wear"
    """What to wear."""
    SCORE = "score"
    """How good the outfit is."""
    LOOKS = "looks"
    """How the person, rather than the outfit, looks."""
    LAUGHTER = "laughter"
    PRAISE = "praise"
    SURPRISE = "surprise"
    COMPLAINT = "complaint"
    APOLOGY = "apology"
    SMALL_TALK = "small_talk"


REFUSALS = frozenset({Intent.NO, Intent.CANCEL})

SYMBOLS = {
    **dict.fromkeys("?？❓❔", Intent.HELP),
    **dict.fromkeys("👍👌🙆💯✅⭕🫡", Intent.YES),
    **dict.fromkeys("👎🙅❌✖", Intent.NO),
    **dict.fromkeys("😂🤣😆😄😁😹", Intent.LAUGHTER),
    **dict.fromkeys("🙏", Intent.THANKS),
    **dict.fromkeys("❤♥😍🥰💕👏🔥💜💖", Intent.PRAISE),
    **dict.fromkeys("👋🙋", Intent.GREETING),
    **dict.fromkeys("😮😲😳🤯", Intent.SURPRISE),
}
"""Intents of messages that consist of symbols only."""

SELF_HARM_ENGLISH = re.compile(
    r"\b(i|im|ive|id|thinking about|thinking of|feel like|going to|want to|wanna) (\w+ ){0,4}"
    r"((kill|killing|hurt|hurting|harm|harming|cut|cutting|hang|hanging) my ?self"
    r"|(kill|killing|hurt|hurting|harm|harming|hang|hanging) me)\b"
    r"|\b(want|wanna|going|gonna|ready|rather|wish|wanted|thinking|better) (to |i |i was |i were |about |of |off )?"
    r"(be )?(die|dying|dead)(?! (for|laughing|of laughter|over|in these|in this"
    r"|my (\w+ )?(hair|roots|brows)|than (wear|be seen|put))\b)"
    r"|\b(suicide|suicidal|kms|self ?harm(ing)?|end my life|take my (own )?life|end it all|ending it all)\b"
    r"|\b(don t|dont|do not) want to (live|be alive|exist|be here)( any ?more)?\b"
    r"|\bno (reason|point) (to|in) liv(e|ing)\b"
)
SELF_HARM_KOREAN = re.compile(
    r"자살(?!골)|목숨을끊|(?<![손발])목을?매(고|달|려|버)|극단적(인)?(선택|생각)"
    r"|(?<!배고파)(?<!졸려)(?<!좋아)(?<!예뻐)(?<!웃겨)죽[고구](싶|시[퍼프픔])|^(나|난|그냥|진짜|걍)*뒤지고싶(다|어|음|네)?요?$|뒈지고싶|살고싶지(가|는|도)?않|살기(가)?싫|살이유(가|도)?없|사라지고싶|없어지고싶"
    r"|죽어버리(고싶|려|ㄹ래|겠)|죽어버릴|그만살고싶|^(나|저|난|전|이제)?그만살(래|까)|(다|모든걸|전부)끝내(고싶|버리고싶)|(나|저|내가|제가)(는|도|그냥)?죽(을래|을까|어야|는게낫)"
    r"|손목을?(긋|그었|그을)"
)
SELF_HARM_KOREAN_WORD = re.compile(r"(?<![가-힣])자해(?!석)")
"""Searched with the spaces, since other words end and begin with its syllables: "혼자 해볼게요"."""
_POLITE_ENDINGS = r"(요|용|염|욤|여|욥|유|다|당|ㅠ|ㅜ|ㅋ|ㅎ|임|슴|네|데|나|니|냐|까|지|죠)*"
_LEADING_FILLER = re.compile(
    r"^(?:(?:oh|ah|um|uh|uhm|omg|well|hmm|hm|ok|okay|so|and|but|hey|hi|hello|please|pls|eva|sorry|actually|btw|anyway|like|haha|lol"
    r"|아|음|어|흠|저기|저기요|에바|에바야|에바님|근데|근데요|그런데|그럼|혹시|그리고|글고|일단|자|야|저|그|아니|오|와|우와|헐|헉|엥|잉|에이"
    r"|솔직히|그니까|그러니까|잘 모르겠는데|[ㅋㅎㅠㅜ]+) )+"
)
_TRAILING_FILLER = re.compile(
    r"(?: (?:please|pls|plz|eva|then|man|dude|lol|haha|babe|dear|tho|though|so much|a lot|very much|anyway|sis|girl|bro"
    r"|bruh|fam|mate|chief|bestie|queen|king|hun|af|asf|imo|tbh|ngl|fr|omg|lmao"
    r"|sorry|에바|에바님|좀|제발|ㄱㄱ|고고|[ㅋㅎㅠㅜ]+)(?= |$))+"
)
_PAST = "".join(map(chr, range(ord("갔"), ord("힣") + 1, 28)))
"""The syllables that end in ㅆ from 갔 on."""
_CHAT_SPELLINGS = (
    (re.compile("어(?:케|캐|뜨케|떠케|떻케)"), "어떻게"),
    (re.compile("(진짜|정말|그걸|이걸)루"), r"\1로"),
    (re.compile("(?<= )[쫌점](?= |$)|(?<= )좀요$"), "좀"),
    (re.compile("(주(?:라|셈|삼)|줘(?:라|봐|봐요|봐라))$"), "줘"),
    (re.compile(f"([없{_PAST}])(?:음|노)$"), r"\1어"),
    (re.compile("(?<=[해어아려켜러워])봄$"), "봐"),
    (re.compile("((?:[게도면안야]|(?<=[게도면안야]) ))됨$"), r"\1돼"),
    (re.compile("(?<=[가-힣]{2})(?<!삭제)(?<!공유)(?<!공개)(?<!탈퇴)함$|(?<= )함$"), "해"),
    *((re.compile(f"(?<= )(.*){noun}$"), rf"\1{verb}") for noun, verb in zip("줌춤림킴냄", "줘춰려켜내", strict=True)),
)
"""Words and endings of chats, and how they are written in the table: "만들었노", "어케 씀", "나와도 됨".

A single word keeps its ending, since 봄 and 올림 are nouns and names.
"""
_SHORT_AGREEMENTS = frozenset(
    "네 응 예 어 넵 넹 엉 웅 네네 응응 yes yeah ok okay ya youcan youmay".split()  # noqa: SIM905 (one a line else)
)
"""Agreements that ask back when they are written with a question mark."""
_IRONIC_AGREEMENT = re.compile(
    r"((oh|yeah|ya|pff|haha|lol) )*(yeah|yea|ya) right|as if"
    r"|((맞긴|맞기는)(뭐가|뭘|개뿔|무슨)|퍽이나)[가-힣]{0,5}[ㅋㅎㅠㅜ]*"
)
"""Agreements in words only: "yeah right" and "맞긴 뭐가 맞아" disagree."""
_ASKED_OPINION = re.compile(
    "(?:음|근데|그럼|나|저|이거|이건|이게|이렇게|이대로|오늘|진짜|솔직히|혹시|그렇게|많이|너무|좀|영)*"
    "(?:괜찮(?:아|나|지|죠|은가|을까|음)|이상(?:해|하지|하죠|한가|하나)|별로(?:야|예|지|죠|인가)?|좋(?:아|나|지)|ㄱㅊ|ㅇㄸ)(?:요)?"
)
"""Asks for an opinion with a question mark: "괜찮아?" declines nothing."""
_ASKED_SLANG = ("에바야", "에바임", "에바지", "에바인가", "에바냐", "에바니")
"""Slang for "too much", which asks for an opinion with a question mark: "이거 에바야?"."""
_ASKED_REFUSAL = re.compile("(?:됐|되었|싫|틀렸)어요?|안[돼되]요?|하지마요?|필요없어요?")
"""Refuses without a question mark only: "됐어?" asks whether it is done."""
_MACRO = re.compile(r"<(\w+)> = (.*)")
_MACRO_USE = re.compile(r"<(\w+)>")


def normalize_message(message: str) -> str:
    """The message in lower case, without punctuation, emoji and superfluous words; see the module's docstring."""
    text = normalize_letters(message)
    stripped = _TRAILING_FILLER.sub("", _LEADING_FILLER.sub("", text, count=1))
    return stripped or text


def find_intent(message: str) -> Intent | None:
    """The intent that a whole message expresses; None if it expresses none, or more than one thing."""
    whole, core = normalize_letters(message), normalize_message(message)
    if (
        SELF_HARM_ENGLISH.search(whole)
        or SELF_HARM_KOREAN.search(whole.replace(" ", ""))
        or SELF_HARM_KOREAN_WORD.search(whole)
    ):
        return Intent.SELF_HARM
    if not core:
        return next((SYMBOLS[character] for character in message if character in SYMBOLS), None)
    if len(whole) > MAX_INTENT_LENGTH:
        return None
    if any(_IRONIC_AGREEMENT.fullmatch(text) for text in (whole, whole.replace(" ", ""))):
        return Intent.NO
    started, ended = _LEADING_FILLER.sub("", whole, count=1), _TRAILING_FILLER.sub("", whole)
    spelled = _TRAILING_FILLER.sub("", _spell_out(core))
    texts = tuple(dict.fromkeys((whole, ended, started, core, _spell_out(started), spelled)))
    forms = tuple(dict.fromkeys((*texts, *map(mask_style_names, texts))))
    intent = _match(texts, "") or _match(forms, "_frames") or _match_keywords(forms)
    if "?" in message:
        is_slang = intent is Intent.COMPLAINT and whole.endswith(_ASKED_SLANG)
        intent = Intent.SCORE if is_slang else _read_question(intent, core.replace(" ", ""))
    return _limit_wish(intent, whole, is_question="?" in message)


def _spell_out(text: str) -> str:
    """A normalized message without the spellings and short endings of chats."""
    for pattern, written in _CHAT_SPELLINGS:
        text = pattern.sub(written, text)
    return text


def _read_question(intent: Intent | None, compact: str) -> Intent | None:
    """What a message with this intent says with a question mark: "맞아?" asks whether it is right, "네?" what was said.

    Args:
        intent: what it says without one.
        compact: the message without spaces.
    """
    if _ASKED_OPINION.fullmatch(compact):
        return Intent.SCORE
    if intent is Intent.YES:
        return None if compact in _SHORT_AGREEMENTS else Intent.ACCURACY
    return None if intent is Intent.NO and _ASKED_REFUSAL.fullmatch(compact) else intent


def _limit_wish(intent: Intent | None, text: str, *, is_question: bool) -> Intent | None:
    """The intent, but no wish to share or to delete where a message refuses it or asks whether it happened."""
    is_wish = intent in {Intent.SHARE, Intent.DELETE, Intent.DELETE_ONE}
    if not is_wish and intent not in {None, Intent.NO}:
        return intent
    if _asks_what_happened(text, is_about_photos=is_wish) and (is_wish or is_question):
        return Intent.PHOTOS
    if _is_refusal(text) or (is_wish and _is_negated(text)):
        return Intent.PHOTOS if is_question else Intent.CANCEL
    return intent


def _match(texts: tuple[str, ...], kind: str) -> Intent | None:
    """The first intent that one of the forms of a message expresses in the phrases (``) or frames (`_frames`)."""
    for text in texts:
        compact = text.replace(" ", "")
        for intent, pattern in _load_patterns(f"en{kind}").items():
            if pattern.fullmatch(text):
                return intent
        if len(compact) <= MAX_KOREAN_LENGTH:
            for intent, pattern in _load_patterns(f"ko{kind}").items():
                if pattern.fullmatch(compact):
                    return intent
    return None


def _match_keywords(texts: tuple[str, ...]) -> Intent | None:
    found = next((name for text in texts if (name := match_keywords(text)) is not None), None)
    return None if found is None else Intent(found)


@cache
def _load_patterns(name: str) -> dict[Intent, re.Pattern[str]]:
    """The patterns of `intent_patterns/`, in the order of the file, which is the order in which they are tried."""
    path = files("core.conversation").joinpath("intent_patterns", f"{name}.txt")
    sources: dict[Intent, str] = {}
    macros = {"end": _POLITE_ENDINGS}
    for line in path.read_text("utf-8").splitlines():
        if heading := re.fullmatch(r"\[(\w+)\]", line):
            intent = Intent(heading[1])
        elif macro := _MACRO.fullmatch(line):
            macros[macro[1]] = f"(?:{_expand(macro[2], macros)})"
        elif line and not line.startswith("# "):
            sources[intent] = sources.get(intent, "") + line
    return {intent: re.compile(_limit(_expand(source, macros))) for intent, source in sources.items()}


def _expand(source: str, macros: dict[str, str]) -> str:
    """The pattern with the parts that it names in angle brackets."""
    return _MACRO_USE.sub(lambda use: macros[use[1]], source)


def _limit(source: str) -> str:
    """The pattern with limited repetition: two ways to divide a text must not multiply with its length."""
    return (
        source.replace(")*", "){0,4}")
        .replace(")+", "){1,4}")
        .replace("(?:", "(")
        .replace("(", "(?:")
        .replace("(?:?", "(?")
    )


def _is_refusal(text: str) -> bool:
    """Whether a whole normalized message says that nothing may be shared or deleted."""
    return bool(_ENGLISH_REFUSAL.fullmatch(text) or _KOREAN_REFUSAL.fullmatch(text.replace(" ", "")))


def _is_negated(text: str) -> bool:
    """Whether a normalized message about sharing or deleting holds a negation."""
    return bool(_ENGLISH_NEGATION.search(text) or _KOREAN_REFUSAL.fullmatch(text.replace(" ", "")))


def _asks_what_happened(text: str, *, is_about_photos: bool) -> bool:
    """Whether a normalized message asks what was or will be done, instead of wishing it.

    Args:
        text: the message.
        is_about_photos: whether it is known to be about sharing or deleting; else it has to say so.
    """
    compact = text.replace(" ", "")
    if is_about_photos:
        return bool(_ENGLISH_QUESTION.match(text) or _KOREAN_QUESTION.search(compact))
    return bool(_KOREAN_TOPIC.fullmatch(compact))
