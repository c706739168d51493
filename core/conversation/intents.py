"""What a message without a photo says, as one intent of a single table for all channels.

A message has an intent only if the whole message expresses it: "no" declines, "no idea" and "now what" do not. Before
the comparison a message is normalized (`text_normalization`), and the name of Eva and words that add nothing ("oh",
"please", "혹시") are removed from both ends. Korean is compared without spaces, since people write it with and without.
Names of styles become `#`, so that "why street?" and "not casual" are sentences of the table as well.

The table is in `intent_patterns/`: phrases first, then frames whose parts combine freely. `docs/intents.md` has the
precision and recall of each intent.

See ADR 0039; for messages that no pattern knows see `paraphrases`.
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from functools import cache, lru_cache
from itertools import groupby
from operator import itemgetter

from core.conversation.hardship import speaks_of_hardship
from core.conversation.intent_keywords import match_keywords
from core.conversation.style_names import mask_style_names
from core.conversation.text_normalization import normalize_letters
from core.conversation.word_lists import read_lines

UNKNOWN = "unknown"
"""The heading of patterns that have no intent."""
MAX_INTENT_LENGTH = 120
"""Characters of a message from which it is no single intent, except for a mention of self-harm."""

MAX_SPLIT_WORDS = 8
"""Words of a sentence that may say the same thing twice, or a remark and a wish."""
MAX_SENTENCES = 12
"""Sentences from which a message is no wish; each takes a millisecond or two."""
ERASE_COMMAND = "/forget"
"""Telegram's command, which people try in other channels. The bare word takes a wish back."""
MAX_KOREAN_LENGTH = 40
"""Characters, without spaces, from which a Korean message is no single intent."""


class Intent(StrEnum):
    """What a message says."""

    SELF_HARM = "self_harm"
    """The person writes about harming or killing themselves."""
    HARDSHIP = "hardship"
    """Death, illness, violence, or an eating disorder."""
    SAD = "sad"
    """A bad day, a failed exam, loneliness."""
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
    SHARED = "shared"
    """Whether the look is on the leaderboard."""
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
    BRAND = "brand"
    """Which brand something worn is, and where to buy it."""
    DETAIL = "detail"
    """Something worn that Eva has no name for: socks, glasses, a watch."""
    SWAP = "swap"
    """What would have to be exchanged for another style."""
    CARD = "card"
    """Send the look to a friend or to another app, or save its picture."""
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
    REMARK = "remark"
    """Something about the clothes or the day that asks for nothing."""
    OFF_TOPIC = "off_topic"
    """Something that a stylist of outfits does not do: hair, music, restaurants."""


SERIOUS = frozenset({Intent.SELF_HARM, Intent.HARDSHIP})
"""What is no time for news and jokes."""
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

_QUESTIONS = (
    "photos shared price maker who how why accuracy details styles seen brand detail swap similar card leaderboard"
    " history account wear new_photo"
)
QUESTIONS = frozenset(map(Intent, _QUESTIONS.split()))
"""What is answered and changes nothing, so that it may stand among other sentences."""
COURTESIES = frozenset({Intent.GREETING, Intent.THANKS, Intent.PRAISE, Intent.LAUGHTER, Intent.APOLOGY})
REMARKS = COURTESIES | {Intent.SURPRISE, Intent.SMALL_TALK, Intent.SAD, Intent.REMARK}
"""What needs no answer of its own next to a question or a wish."""
CHANGES = frozenset({Intent.SHARE, Intent.UNSHARE, Intent.DELETE, Intent.DELETE_ONE, Intent.REPORT, Intent.NEWS})
"""What is only meant where it is not quoted."""
TALK = frozenset({Intent.SMALL_TALK, Intent.SAD, Intent.REMARK})
"""Remarks that change what the words next to them mean: "이번 주 너무 힘들었어"."""
SETTLED = (
    REMARKS | REFUSALS | {Intent.YES, Intent.BYE, Intent.COMPLAINT, Intent.HELP, Intent.OFF_TOPIC, Intent.HARDSHIP}
)
"""What is not asked for again after the answer to a question next to it: "no. why?", "네, 누가 봐요?"."""
NOT_WITH_REMARK = REMARKS | CHANGES | {Intent.SELF_HARM}
"""What a message does not say because a part of it would, next to a remark: "진짜 지워지나", "배고파 죽고 싶다"."""
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
    r"|\b(nobody|no one|noone) (would|will|d|ll) (even )?(miss me(?! in )|(notice|care) if i (die|disappear))"
)
SELF_HARM_KOREAN = re.compile(
    r"자살(?!골)|목숨을끊|(?<![손발])목을?매(고|달|려|버)|극단적(인)?(선택|생각)"
    r"|(?<!배고파)(?<!졸려)(?<!좋아)(?<!예뻐)(?<!웃겨)죽[고구](싶|시[퍼프픔])|^(나|난|그냥|진짜|걍)*뒤지고싶(다|어|음|네)?요?$|뒈지고싶|살고싶지(가|는|도)?않|살기(가)?싫|살이유(가|도)?없|사라지고싶|없어지고싶"
    r"|죽어버리(고싶|려|ㄹ래|겠)|죽어버릴|그만살고싶|^(나|저|난|전|이제)?그만살(래|까)|(다|모든걸|전부)끝내(고싶|버리고싶)|(나|저|내가|제가)(는|도|그냥)?죽(을래|을까|어야|는게낫)"
    r"|((?<!하)나|내가|저|제가)(는|하나)?(없어|사라)져도(아무도|모두|다들)"
    r"|손목을?(긋|그었|그을)"
)
SELF_HARM_KOREAN_WORD = re.compile(r"(?<![가-힣])자해(?!석)")
"""Searched with the spaces, since other words end and begin with its syllables: "혼자 해볼게요"."""
_POLITE_ENDINGS = r"(요|용|염|욤|여|욥|유|다|당|ㅠ|ㅜ|ㅋ|ㅎ|임|슴|네|데|나|니|냐|까|지|죠)*"
_LEADING_FILLER = re.compile(
    r"^(?:(?:oh|ah|um|uh|uhm|omg|well|hmm|hm|ok|okay|so|and|but|meh|ugh|yikes|lmao|hey|hi|hello|please|pls|eva|sorry|actually|btw|anyway|like|haha|lol"
    r"|아|음|어|흠|저기|저기요|에바|에바야|에바님|근데|근데요|그런데|그럼|혹시|그리고|글고|일단|자|야|저|그|아니|오|와|우와|헐|헉|엥|잉|에이"
    r"|솔직히|그니까|그러니까|잘 모르겠는데"
    r"|(?:걍|그냥)(?! 그(?:래요?|렇네요?|렇다)(?: |$))|진짜(?! (?:지워지|좋아))|[ㅋㅎㅠㅜㅡ]+) )+"
)
_TRAILING_FILLER = re.compile(
    r"(?: (?:please|pls|plz|eva|then|man|dude|lol|haha|babe|dear|tho|though|so much|a lot|very much|anyway|sis|girl|bro"
    r"|bruh|fam|mate|chief|bestie|queen|king|hun|af|asf|imo|tbh|ngl|fr|omg|lmao|but ok|but okay"
    r"|sorry|rn|asap|에바|에바님|좀|제발|당장|빨리|얼른|지금|바로|ㄱㄱ|고고|[ㅋㅎㅠㅜㅡ]+)(?= |$))+"
)
_PAST = "".join(map(chr, range(ord("갔"), ord("힣") + 1, 28)))
"""The syllables that end in ㅆ from 갔 on."""
_CHAT_SPELLINGS = (
    (re.compile("어(?:케|캐|뜨케|떠케|떻케)"), "어떻게"),
    (re.compile("[왜왤][케캐]"), "왜이렇게"),
    (re.compile("(?<=[나까게래데네죠해])[여염욤욥]$"), "요"),
    (re.compile("(진짜|정말|그걸|이걸)루"), r"\1로"),
    (re.compile("(?<= )[쫌점](?= |$)|(?<= )좀요$"), "좀"),
    (re.compile("(주(?:라|셈|삼)|줘(?:라|봐|봐요|봐라))$"), "줘"),
    (re.compile(f"([없{_PAST}])(?:음|노)$"), r"\1어"),
    (re.compile("(?<=[해어아려켜러워])봄$"), "봐"),
    (re.compile("(?<=[가-힣])(?<!삭제)(?<!공유)(?<!공개)( ?)됨$"), r"\1돼"),
    (re.compile("(?<=[가-힣]{2})(?<!삭제)(?<!공유)(?<!공개)(?<!탈퇴)함$|(?<=[뭐 ])함$"), "해"),
    *((re.compile(f"(?<= )(.*){noun}$"), rf"\1{verb}") for noun, verb in zip("줌춤림킴냄", "줘춰려켜내", strict=True)),
)
"""Words and endings of chats, and how they are written in the table: "만들었노", "어케 씀", "나와도 됨".

A single word keeps its ending, since 봄 and 올림 are nouns and names.
"""
_SENTENCE = re.compile(r"(?:(?![ㅋㅎㅠㅜ]{2})[^.!?~…\n])+\??")
"""A sentence of a message, with its question mark."""
_JOINT = re.compile(r"(?:,|\b(?:and|n|then|also|plus|but)\b|&|그리고|(?<=고) )+", re.IGNORECASE)
"""What stands between two wishes in one sentence: "delete it and show me the board", "사진 지우고 보드 보여줘"."""
_QUOTED = re.compile("[\"\u201c\u201d].+[\"\u201c\u201d]|\u2018[^\u2019]+\u2019|(?<![\\w])'[^']+'(?![a-zA-Z])")
"""Words of others, or that are only asked about."""
_MACRO = re.compile(r"<(\w+)> = (.*)")
_MACRO_USE = re.compile(r"<(\w+)>")


def normalize_message(message: str) -> str:
    """The message in lower case, without punctuation, emoji and superfluous words; see the module's docstring."""
    text = normalize_letters(message)
    stripped = _TRAILING_FILLER.sub("", _LEADING_FILLER.sub("", text, count=1))
    return stripped or text


@lru_cache(maxsize=8)
def find_intent(message: str) -> Intent | None:
    """The intent of a message: of the whole, else of the part that an answer is about; None if it has none.

    Of several wishes it is the first one that changes nothing; see `has_several_wishes`.
    """
    found = find_whole_intent(message)
    if found is None:
        found = next(iter(_find_wishes(message)), None)
    if found is None and speaks_of_hardship(message):
        return Intent.HARDSHIP
    return None if found in CHANGES and _QUOTED.search(message) else found


def has_several_wishes(message: str) -> bool:
    """Whether a message has more than one wish, so that only one of them is answered."""
    return find_whole_intent(message) is None and len({*_find_wishes(message)} - SETTLED) > 1


def find_whole_intent(message: str) -> Intent | None:
    """The intent that a whole message expresses; None if it expresses none, or more than one thing."""
    whole, core = normalize_letters(message), normalize_message(message)
    if (
        SELF_HARM_ENGLISH.search(whole)
        or SELF_HARM_KOREAN.search(whole.replace(" ", ""))
        or SELF_HARM_KOREAN_WORD.search(whole)
    ):
        return Intent.SELF_HARM
    if message.strip().lower() == ERASE_COMMAND:
        return Intent.DELETE
    if not core:
        return next((SYMBOLS[character] for character in message if character in SYMBOLS), None)
    if len(whole) > MAX_INTENT_LENGTH:
        return None
    started, ended = _LEADING_FILLER.sub("", whole, count=1), _TRAILING_FILLER.sub("", whole)
    spelled = _TRAILING_FILLER.sub("", _spell_out(core))
    texts = tuple(dict.fromkeys((whole, ended, started, core, _spell_out(started), spelled)))
    forms = tuple(dict.fromkeys((*texts, *map(mask_style_names, texts))))
    is_question = "?" in message
    found = _match(texts, "", is_question=is_question) or _match(forms, "_frames", is_question=is_question)
    found = found or next(match_keywords(forms), None)
    if found == Intent.YES and is_question:
        # "맞아?" asks whether it is right.
        return Intent.ACCURACY
    return None if found is None or found == UNKNOWN else Intent(found)


def find_first_intent(message: str) -> Intent | None:
    """The intent of the first sentence of a message."""
    return find_whole_intent(next(iter(_SENTENCE.findall(message)), message))


@lru_cache(maxsize=8)
def _find_wishes(message: str) -> tuple[Intent, ...]:
    """What the parts of a message say, questions first; nothing if that is not clear.

    Sentences without an intent only surround a question: "사진 저장돼? 찝찝한데". What stands within one sentence
    has to be understood as a whole: "delete it and show me the board". A remark counts where there is nothing else.
    """
    sentences = [sentence for sentence in _SENTENCE.findall(message) if sentence.strip(" ?ㅋㅎㅠㅜ")]
    if len(sentences) > MAX_SENTENCES:
        return ()
    parts, read = (sentences, find_intent) if len(sentences) > 1 else (_split_sentence(message), find_whole_intent)
    intents = [read(part) for part in parts]
    found, is_whole = dict.fromkeys(filter(None, intents)), bool(intents) and None not in intents
    wishes = [intent for intent in found if intent not in REMARKS] or list(found)[:1]
    questions = [intent for intent in wishes if intent in QUESTIONS]
    if Intent.WHY in wishes and not CHANGES.isdisjoint(wishes):
        return ()
    if not questions and len(wishes) > 1:
        return ()
    return tuple(questions + [wish for wish in wishes if wish not in questions]) if is_whole or questions else ()


def _split_sentence(sentence: str) -> Sequence[str]:
    """The parts of a sentence that all have an intent: at its joints, or else the one that counts."""
    joints = [part for part in _JOINT.split(sentence) if part.strip()]
    if len(joints) > 1 and all(find_whole_intent(part) for part in joints):
        return joints
    words = sentence.split()
    for count in range(1, len(words) if len(words) <= MAX_SPLIT_WORDS else 1):
        parts = " ".join(words[:count]), " ".join(words[count:])
        first, second = map(find_whole_intent, parts)
        is_same = first is not None and first is second
        if is_same or REFUSALS.issuperset((first, second)) or COURTESIES.issuperset((first, second)):
            return parts[:1]
        for part, intent, remark in ((parts[1], second, first), (parts[0], first, second)):
            if intent is not None and intent not in NOT_WITH_REMARK and remark in REMARKS - TALK:
                return (part,)
    return ()


def _spell_out(text: str) -> str:
    """A normalized message without the spellings and short endings of chats."""
    for pattern, written in _CHAT_SPELLINGS:
        text = pattern.sub(written, text)
    return text


def _match(texts: tuple[str, ...], kind: str, *, is_question: bool) -> str | None:
    """The first heading of the phrases (``) or frames (`_frames`) that one of the forms of a message matches."""
    for text in texts:
        compact = text.replace(" ", "")
        for language, form in (("en", text), ("ko", compact)):
            if language == "ko" and len(compact) > MAX_KOREAN_LENGTH:
                continue
            for heading, pattern in _load_patterns(f"{language}{kind}"):
                if (is_question or not heading.endswith("?")) and pattern.fullmatch(form):
                    return heading.removesuffix("?")
    return None


@cache
def _load_patterns(name: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The patterns of `intent_patterns/` with their headings, in the order in which they are tried."""
    patterns: list[tuple[str, re.Pattern[str]]] = []
    macros = {"end": _POLITE_ENDINGS}
    for heading, lines in groupby(read_lines(f"intent_patterns/{name}.txt"), key=itemgetter(0)):
        source = ""
        for _, line in lines:
            if macro := _MACRO.fullmatch(line):
                macros[macro[1]] = f"(?:{_expand(macro[2], macros)})"
            else:
                source += line
        if source:
            patterns.append((heading, re.compile(_limit(_expand(source, macros)))))
    return tuple(patterns)


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
