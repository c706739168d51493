"""Answers to the question for a display name: the name in a sentence, and what only speaks of a name."""

import re

from core.conversation.display_names import normalize_display_name
from core.conversation.intents import find_intent
from core.conversation.text_normalization import normalize_letters

MAX_SENTENCE_LENGTH = 60
"""Characters of a message that holds a name and words around it, or speaks of one."""
_KINDS_OF_NAMES = "(?:이름|닉네임|본명|실명|익명|가명|별명)"


def _with_final(*finals: int) -> str:
    """The Hangul syllables with one of these final consonants, by their Unicode number; 0 is none."""
    return "".join(chr(code) for code in range(ord("가"), ord("힣") + 1) if (code - ord("가")) % 28 in finals)


_KOREAN_ABOUT_NAME = re.compile(
    "(?:음|아|뭐|그냥|걍|저|나|난|저는|나는|응|네|몰라|몰라요|근데|혹시|왜|제|내)*"
    "(?:(?:아무거나|아무이름이나|아무렇게나|알아서)(?:다|정말)?(?:괜찮|좋|상관없|하|해|정해|골라|지어|추천해)?(?:아|줘|주세)?"
    "|(?:다른|새|딴|추천)(?:이름|거|걸|닉네임)(?:으로|로|은|는)?(?:하|할|해|바꾸|바꿀|바꿔|정할|없|추천해|알려|지을|지어|쓸)[가-힣]{0,4}"
    "|(?:이름|닉네임|실명|본명)(?:을|은|는|이|도|은요)?(?:다시|안|꼭|왜|뭐로|뭘로|뭐라고|어떻게|좀|필요|있어야|적어야|써야)*"
    "(?:바꾸|바꿀|바꿔|변경|수정|고치|고칠|고쳐|정할|정해|정하(?![예에입야])|추천|지어|쓰기|쓰고|쓰면|쓸|싫|필요|돼|되나|해(?![나린달인솔찬])|하지|할까|물어|모르|보이|보여|나와|나오|공개)[가-힣]{0,5}"
    "|(?:그대로|이대로|[네니]?[맘멋]대로|마음대로|진짜로|정말로|바로|새로|따로|이걸로|그걸로|아무걸로|영어로|한글로)(?:하|할|해|올)[가-힣]{0,4}"
    "|(?:[가-힣]{0,8}(?:걸|거|것|이름|버튼|사진|아이디)|비공개|본명|실명|가명|별명|저|나)(?:으로|로)(?:하|할|해|올)[가-힣]{0,4}"
    f"|(?:이|그|네|니)?{_KINDS_OF_NAMES}|(?:이름은)?(?:그|이|아무)걸로"
    "|(?:익명으로|이름없이|무명으로)(?:하|할|해|올|쓸|쓰|가능|돼|되)?[가-힣]{0,5}"
    "|(?:이름|닉네임|닉)?(?:은|을|으로)?(?:뭐|뭘|뭐라|뭐라고|뭘로|뭐로|어떻게|어떤거|어떤걸|어떤걸로|무슨이름)(?:으로|을)?"
    "(?:하|할|해|쓰|쓸|써|정하|정할|적|짓|지|좋)[가-힣]{0,5}"
    "|(?:이름|닉네임)?(?:을|도|좀|하나|하나만)*(?:추천|제안)(?:좀|해|부탁)?(?:해|해줘|해주세|줘|주세)?"
    ")(?:요)?[ㄱ-ㅎㅠㅜ]*"
)
"""What is said about a name, instead of one: "아무거나 해줘", "다른 이름으로 할래"."""
_KOREAN_SENTENCE = re.compile(
    f".*{_KINDS_OF_NAMES}.*(?:나요|가요|까요?|돼요?|되요|하죠|되죠|하지|냐고|거야|거죠|거예요)[ ?!~.]*"
    f"|.*{_KINDS_OF_NAMES}.* .*(?:요|할게|할래|싫어|있어|없어|줘)[ ?!~.]*"
    "|.+ (?![하유미지한레안루리보세예이주다디니모해채]나요)[^ ]*나요[ ?!~.]*"
    "|(?:.*[가-힣][은는을를도에서로게면야고뭐왜안못가긴기] |뭐 |왜 |안 |못 )[하지보주이리안]나요[ ?!~.]*"
    f"|.+ .*(?:(?:[{_with_final(4)}나]|[어아러]| )가요|[니{_with_final(8)}]까요?"
    "|돼요?|되요|하죠|되죠|하지|냐고|거야|거죠|거예요)[ ?!~.]*"
    "|(?=.*[가-힣]).+ .*(?:요|까|냐|죠|돼|해|봐|[^고]래|데|야|여|려|워|뻐|커|줘|져|는|에|[라다]고|[하려으되다]면"
    f"|[하뭐는있없]니|[있없않싶되낫{_with_final(20)}]나|[맞찮좋같않많나작알살남받]아|[^고등연장문잉광상악]어"
    f"|[^아돼버민수은윤현예연단영혜]지|[^나지하예가다시세고주소]은|[{_with_final(4)}]가)[. ]*[?？]"
    "|(?=.* ).*(?:뭐|뭘|왜|누가|누구|언제|어디|어떻게|무슨|어떤|얼마|몇).*[?？]"
    "|(?:저는?|나는?|난|전) (?:(?:안|못|그냥|아직|별로|잘) )*[^ ]+요[ ?!~.]*"
    "|(?:저|나|뭐|무엇|누구|어디|언제|얼마|왜)(?:이?[에예]요|요|인가요|죠)[ ?!~.]*"
)
"""What ends like a question, or speaks of names in a sentence: "본명 써도 돼", "이름 꼭 있어야 해요"."""
_ENGLISH_ABOUT_NAME = re.compile(
    r"(?:(?:no|nah|ok|yes|yeah|but|um|hmm|idc|idk|lol|ew|just|please|(?:can|could) (?:i|you|u)|i want"
    r"|i ll|i will|let me|wait|actually) )*"
    r"(?:(?:pick|choose|give me|use|suggest|make up|think of|take|try)(?: (?:one|something|anything|any|a|another"
    r"|different|some other|whatever|random|new|the|same|my real|name|nickname))+(?: for me)?"
    r"|(?:any|whatever|another|a different|some other|different|other|new|a new|random|the same|same|not that)"
    r" (?:name|nickname|one)(?: (?:is fine|works|will do|as (?:before|last time)))?|same as (?:before|last time|always)"
    r"|(?:something|smth) (?:else|cuter|cooler|nicer|better|shorter|different|funny|cute|cool|short)|another|different"
    r"|(?:you|u) (?:choose|pick|decide)|up to (?:you|u)|surprise me|anything(?: (?:is fine|works|goes))?"
    r"|(?:whatever|whichever)(?: (?:works|you (?:want|like|say|think)))?|idc|i don t (?:care|mind)"
    r"|who cares|i guess(?: so)?"
    r"|(?:it )?(?:doesn|don) t matter|no (?:idea|preference)|never ?mind the name"
    r"|(?:the )?(?:first|second|last|other|suggested|generated|random|proposed|given|same) (?:one|name|suggestion)"
    r"(?: (?:is|works|looks|sounds)(?: (?:fine|ok|okay|good|cool|great|nice|cute))?)?"
    r"|make it (?:(?:a bit |a little |more )?(?:(?:short|long|cut|cool|nic|simpl|funni|fanci)er"
    r"|short|long|cute|cool|nice|simple|funny|fancy)|better|different|anonymous)"
    r"|(?:i )?(?:can t|cannot) think of (?:one|any|anything|a name)|what to (?:put|use|say|pick|write|type)"
    r"|help me (?:pick|choose|decide)|(?:any )?(?:ideas|suggestions)"
    r"|(?:that s|too|so) (?:ugly|weird|cringe|bad|boring|long|lame)|(?:ugly|bad|weird) name"
    r"|(?:what|why|how|which|will|can|could|do|does|is|are|should)(?: \w+){0,4}"
    r" (?:you|u|i|it|my|one|others|people|they|required|see|names?|matter)(?: \w+){0,3}|(?:what|which|why a) name"
    r"|change (?:my|the) name(?: later)?|(?:under |with )?my(?: real| insta)? name|(?:my )?insta(?: name| handle)?"
    r"|not my real name|without (?:a|my) name|no (?:real )?names?|me|mine"
    r"|(?:be|stay|remain|post|share)(?: it)?(?: as)? anon(?:ymous(?:ly)?)?|anonymously"
    r")(?: (?:please|pls|then|lol|thanks|thx|instead|tbh))*"
)
"""The same in English: "whatever", "do i have to use my real name"."""
_NAMED = re.compile(
    r"(?:(?:yes|yeah|ok|okay|sure|no|nah|hi|hey|just|please|then|maybe)[,!.]? )*"
    r"(?:call me|name me|my name(?:['\u2019]?s)?(?: is)?|(?:i['\u2019]m|(?-i:im)|i am|it['\u2019]?s|it is)"
    r"|(?:share|post|put) (?:it|this|that|me)(?: up)? (?:as|under)"
    r"|(?:let['\u2019]?s |i['\u2019]?(?:d|ll) )?(?:go with|use|try)|i['\u2019]?ll (?:be|take)|make (?:it|that)|put"
    r"|(?:how|what) about) (?P<name>.+?)(?: (?:please|pls|instead|then|btw|lol|thanks|thx))*[ !?]*",
    re.IGNORECASE,
)
"""A name in a sentence: "share it as Luna please"."""
_NOT_OF_NAME = (
    f"(?<![{_with_final(0)}양랑냥댕멍똥순돌둥쟁팽깽맹숭엉벵렁옹챙뚱뚝찍쁜쭉볶땡뽕꿍뭉덩팡냉놀먹걸잡떨돋맞높깊])"
    "(?<!얼룩)(?<!어린)(?<!늙은)(?<!젊은)(?<![몽복토북]실)(?<!거북)(?<!방울)(?<!뽀송)(?<![눈밤꽃]송)(?<!나들)"
)
"""Before an 이 that is no part of a name: that of 호랑이, 곰돌이 and 하와이 is."""
_THIS_IS = f"(?:(?:{_NOT_OF_NAME}|(?<=[가-힣][지아희수우주호기태미유서소혜재채규후리라나]))이)?[에예]요"
"""Behind a name, in all its spellings: "민지에요", "민지이에요"."""
_COPULA = f"(?:{_THIS_IS}|{_NOT_OF_NAME}이[야요]|야|입니다|임)"
_NO_VERB = "(?<![해여워려네데게까져켜뻐러라래돼])(?<![좋같않많찮알]아)(?<![^고등연장문잉광]어)(?<!나와)"
"""Before a 요 that follows a name: "몰라요" has none."""
_NO_REMARK = (
    "(?!그게|그거|이게|이거|비밀|아무|아니|뭐|뭔|무엇|무슨|누구|별로|아직|필요|싫|좋|없|있|모르|몰라|모름|안 |못 |왜"
    "|어[때떤떨떰떻]|그냥|나중|다음|공개|꼭 |괜찮|됐|이대로|그대로|이상|중요|좀(?!비))"
)
"""Before a name: "이름은 비밀이에요" tells none."""
_SENTENCE_WORDS = frozenset(
    re.findall(
        r"\w+",
        "i you he she they we it this that d s ll m re ve t is are am was be do don does did can could will would won"
        " should have has to if when not no yes yeah what why who how any so only want need like say see know think"
        " maybe sure too for just really very",
    )
)
"""Words of English sentences; a message of three words of which half are these says something and is no name."""
_KOREAN_NAMED = re.compile(
    r"(?:(?:네(?! 잎)|넵|응|음|아|아니|그럼|그냥|걍|나는?|난|저는?|전)[,.!]? )*(?:[^ ]{1,20} ?(?:말고|아니고|아니라) )?"
    r"(?:(?:(?:제|내|보드) ?)?(?:이름|닉네임|닉)(?:[은을] ?| ))?(?P<name>.{1,20}?)"
    rf"(?:(?:으로|로|{_NOT_OF_NAME}이라고|라고) ?(?:할게|할래|할거야|해|해줘|해주세|올려|올려줘|올려주세|불러줘"
    r"|불러주세|부탁해)요?"
    r"|으로요|로요)"
    r"[ .!~ㅋㅎ]*"
    rf"|(?:(?:제|내) )?(?:이름|닉네임|닉|본명|별명)"
    rf"(?:은 {_NO_REMARK}(?P<own>[^ ]{{1,20}}?(?: [^ ]{{1,20}}?)?)(?:{_COPULA}|{_NO_VERB}요)?"
    rf"|이? {_NO_REMARK}(?P<noun>[^ ]{{1,20}}?)(?:{_COPULA}|{_NO_VERB}요))[ .!~ㅋㅎ]*"
    rf"|(?:저는?|나는?|난|전) {_NO_REMARK}(?P<me>[^ ]{{1,20}}?)"
    rf"(?:{_COPULA}|{_NOT_OF_NAME}이라고 해요?|라고 해요?|{_NO_VERB}요)[ .!~ㅋㅎ]*"
    r"|[^ ]{1,20} ?(?:말고|아니고|아니라) (?P<other>(?!다른|딴|새 |더|좀|다시|뭐|그냥)[^ ]{1,20}?)(?:으로|로)"
    r"[ .!~ㅋㅎ]*"
    r"|(?P<idea>.{1,20}?)(?: ?[은는])? ?(?:어때|어떰|어떨까)요?[ .?!~ㅋㅎ]*"
)
"""The same in Korean: "감자로 할게요", "내 이름은 민지야"."""
_KOREAN_START = re.compile(r"^(?:(?:음+|아|어|네(?! 잎)|넵|응|그럼|일단)[.,!~…]* )+(?:그냥 |걍 )?(?=[가-힣])")
"""What is said before a name while one thinks: "음 그냥 토마토"."""
_KOREAN_POLITE = re.compile(
    rf"(?:(?P<noun>[가-힣]{{2,19}}?){_NOT_OF_NAME}이요|(?P<told>[가-힣]{{1,19}}?)(?:{_THIS_IS}|입니다)"
    r"|(?P<name>[가-힣]{2,19})(?<![해여워려네데게까져켜뻐러])요)"
    r"[ .!~ㅋㅎ]*"
)
"""A name with a polite ending: "민지요", "소금빵이요"."""
_POLITE = re.compile(r"(?P<name>.+?)(?: (?:please|pls|thanks|thx))*[ !?]*", re.IGNORECASE)
"""A name with words that are none behind it."""


def find_typed_name(message: str) -> str | None:
    """The name in an answer to the question for one, as it was typed; None if the answer only speaks of a name."""
    if len(message) > MAX_SENTENCE_LENGTH:
        return message
    if is_about_name(message) or _starts_wish(message):
        return None
    text = _KOREAN_START.sub("", " ".join(message.split()))
    for pattern in (_NAMED, _KOREAN_NAMED, _KOREAN_SENTENCE, _KOREAN_POLITE, _POLITE):
        sentence = pattern.fullmatch(text)
        if sentence is not None and pattern is _KOREAN_SENTENCE:
            return None
        name = "" if sentence is None else next(filter(None, sentence.groups()), "")
        if name and (is_about_name(name) or _is_sentence(name)):
            return None
        if name and normalize_display_name(name) is not None:
            return name
    return text


def _is_sentence(name: str) -> bool:
    """Whether an English name reads as a sentence: "keep it to yourself". "This Is Me" is written as a name."""
    words = normalize_letters(name).split()
    is_title = all(word[0].isupper() for word in name.split())
    return len(words) >= 3 and not is_title and 2 * sum(word in _SENTENCE_WORDS for word in words) >= len(words)


def _starts_wish(message: str) -> bool:
    """Whether a message says something behind an agreement: "네 취소해줘"."""
    start = _KOREAN_START.match(message)
    return start is not None and find_intent(message[start.end() :]) is not None


def is_about_name(message: str) -> bool:
    """Whether a whole message speaks of the name that was asked for, and is none: "다른 이름으로 할래"."""
    text = normalize_letters(message)
    is_english = _ENGLISH_ABOUT_NAME.fullmatch(text) is not None
    return is_english or _KOREAN_ABOUT_NAME.fullmatch(text.replace(" ", "")) is not None
