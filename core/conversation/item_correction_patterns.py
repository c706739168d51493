"""Whole sentences that correct an item or a color, in English and in Korean without spaces.

`#` stands for the name of what is denied or told, and `@` for what is there instead. A pair has a pattern for each
language.
"""

import re

from core.conversation.item_questions import KOREAN_VERBS

PatternPair = tuple[re.Pattern[str], re.Pattern[str]]
"""English and Korean."""
LEADING_NO = re.compile(r"\b(?:no|nope|nah)\s*[,.!;:]", re.IGNORECASE)
"""A no of its own: "no, sneakers" names what they are."""
KOREAN_PROTEST = re.compile(r"(?<=[는인]데)(?:요|용)?\?+\s*$|(?<=거든)요?\?+\s*$")
"""The end of a protest that is written with a question mark: "부츠 안 신었는데요?"."""
UNWORN = re.compile(
    r"i (?:m|am) not wearing (?:one|any|it|them|that)|(?:there is|there s|i see) none"
    "|안 ?(?:입었|신었|썼|들었|했|맸)[가-힣]{1,3}"
)
"""Says after the name of a thing that it is not there: "the hat? I'm not wearing one"."""
_BE = r"(?:s|re|is|are|was|were)"
_SHADE = r"(?:dark |light |pale |bright |deep |more )?"
_ONE = r"(?:made of |in )?(?:a |an |the |any )?(?:pair of )?"
_LEAD = (
    r"(?:(?:wait|hmm|hey|but|also|no|nope|nah|sorry|actually|um|oh|eva|well|so|really|wrong|and|ok|lol|earlier|before"
    r"|ur right|you (?:re|were|are) right|my bad|i was wrong"
    r"|definitely|bro|bruh|dude|umm|uhh|ummm|lmao|haha|girl|sis|man|tbh|ngl|yo) )*"
)
_TAIL = (
    r"(?: (?:really|at all|actually|though|tho|tbh|ngl|lol|lmao|haha|sorry|eva|here|there|bro|bruh|fr|mate"
    r"|btw|by the way|fyi|in (?:it|this|that|(?:the|this|my) (?:photo|picture|pic))))*"
)
_IS = r"(?:(?:that|it|this|they|those|these) (?:s|is|was|re|are|were|r)|there (?:s|is|are))"
_IS_NOT = (
    rf"(?:{_IS} (?:literally )?(?:not|n t|no)|(?:that|it|this|there|they|those|these) (?:isn|wasn|aren|weren|ain) t"
    r"|(?:i m|i am|(?:she|he) (?:s|is)|they (?:re|are))(?: literally| even)? not(?: even)? wearing"
    r"|(?:i wasn|(?:she|he) isn|they aren) t wearing"
    r"|i (?:have|see) no|i (?:don|do|didn|did) (?:t|not) (?:have|see)"
    r"|i (?:didn t|did not) wear"
    r"|it not|not|no|isn t|aren t|ain t(?: no)?)(?: really| actually| even| exactly)?"
)
_YOU_SAID = r"(?:you|u) (?:said|saw|say|called (?:it|them)|wrote|put|see)"
_BUT = (
    r"(?: (?:but|it s|it is|they re|they are|those are|that s|that is|just|more of|more like|rather|actually|i d say))*"
)
_ENGLISH_DENIAL = re.compile(
    rf"{_LEAD}{_IS_NOT} {_ONE}#{_TAIL}|{_LEAD}(?:the |that )#(?: is|s) (?:wrong|not right)"
    rf"|{_LEAD}(?:(?:the|a|an|what|which|that|those) )*# (?:i (?:m|am) not wearing (?:one|any|it|them|that)"
    rf"|(?:there is|there s|i see) none){_TAIL}"
)
_ENGLISH_EXCHANGE = re.compile(
    rf"{_LEAD}{_IS_NOT} {_ONE}#{_BUT} {_ONE}@{_TAIL}"
    rf"|{_LEAD}(?:{_IS} |it |i (?:m|am|was) wearing )?(?:actually |really |just |more of |more like )*{_ONE}(?:my )?@ "
    rf"(?:and |but )?(?:not|isn t|rather than|instead of|than) {_ONE}#{_TAIL}"
    rf"|{_LEAD}(?:{_IS} |it (?:is |s )?)?{_ONE}@ (?:and |but )?{_YOU_SAID} {_ONE}#{_TAIL}"
    rf"|{_LEAD}{_YOU_SAID} {_ONE}# (?:but )?(?:it s|it is|they re|they are|that s|it was) {_ONE}@{_TAIL}"
    rf"|{_LEAD}(?:the|that|this|those|these|your) # (?:is|s|are|re|was) "
    rf"(?:actually |really |just |more of )*{_ONE}@{_TAIL}"
)
ENGLISH_BOTH = re.compile(
    rf"{_LEAD}(?:neither|{_IS_NOT}) {_ONE}[#@] (?:or|nor|(?:and |but |or )?{_IS_NOT}) {_ONE}[#@](?: either)?{_TAIL}"
)
_KOREAN_LEAD = (
    "(?:이거|이건|이게|그거|그건|그게|저거|저건|저게|이거는|그거는|아까|방금|에바"
    "|앗|아니다|미안|(?:내가|제가)?(?:잘못봤|틀렸|착각했)(?:다|네요?|어요?)|미안한데|죄송한데|죄송하지만|고마운데|고마워|감사한데|감사해요|저기요|그리고|그런데|아|헐|엥|에이|네|응"
    "|아니|아뇨|아니요|저기|근데|음|사실|진짜|정말|나는?|난|저는|내가|제가){0,4}"
)
_KOREAN_NOT = (
    "(?:이|가|은|는|도|를|을)?(?:진짜|정말|사실)?"
    "(?:아니었(?:어요?|는데요?|습니다|음|거든요?)"
    "|아니야|아니에요|아니예요|아녜요|아니거든요?|아닙니다|아님|아닌데요?|아닌걸요?|아녀요|아냐"
    "|아니라고요?|아니라니까요?|아니잖아요?|(?:입은|신은|쓴|든|맨|한)적(?:이|은|도)?없(?:는데요?|어요?|거든요?|습니다|음)"
    "|(?:입은|신은|쓴|든|맨|한)(?:거|것)(?:이|은|도)?(?:아니야|아니에요|아니예요|아닌데요?|아님|아니거든요?)"
    "|안(?:입었|신었|썼|들었|멨|맸|했|걸쳤|꼈|둘렀|찼)(?:어요?|는데요?|습니다|음|거든요?|다고요?|지요?|죠)"
    "|안(?:입|신|쓰|들|매|하|끼|두르|차)고있(?:어요?|는데요?|거든요?)"
    "|(?:하나도|전혀)?(?:없는데요?|없어요?|없음|없거든요?|없습니다))"
    "(?:(?:뭔|무슨)(?:소리|말)(?:야|예요|이야|이에요|인지)|잘못(?:봤어요?|봤네요?|보셨어요|본듯))?"
)
_KOREAN_INSTEAD = "[ㅋㅎㅠㅜ]*(?:그냥|사실|정확히는|이건|그건|이거|그거|오히려|차라리)?@"
_KOREAN_IS_SAID = (
    "(?:이야|야|이에요|예요|에요|이예요|이죠|죠|이지|지|이다|인데요?|임|입니다|거든요?|이거든요?|인거같아요?|인것같아요?|같아요?"
    "|(?:을|를)?(?:입었|신었)(?:어요?|는데요?|거든요?|습니다|음|지요?|죠)|같은데요?|에가까워요?|라고요?|이라고요?|라니까요?|이라니까요?|요)"
)
_KOREAN_IS = f"{_KOREAN_IS_SAID}?"
_KOREAN_SEEMS = (
    "(?:에(?:더)?가까(?:워요?|움|운듯)|쪽(?:이야|이에요|인듯)|(?:인거|인것)?같아요?|인듯(?:해요?)?|으?로보여요?)"
)
"""Endings that say what a thing seems to be: "코트보다는 재킷에 가까워". "코트보다 재킷" prefers a jacket."""
OWNED = re.compile(r"\bhave\b|(?<!적)(?<!적 )(?<!적[이은도])(?<!적[이은도] )없(?:어|음|거|습)")
"""Of extras it says that there are none; of clothes it may as well say that the person owns none."""
KOREAN_VERB = re.compile(f"안({KOREAN_VERBS})")
SAYS_NOT_WORN = re.compile(f"안(?:{KOREAN_VERBS})|없(?:어|는|음|거|습)")
_KOREAN_DENIAL = re.compile(f"{_KOREAN_LEAD}#{_KOREAN_NOT}")
_KOREAN_EXCHANGE = re.compile(
    f"{_KOREAN_LEAD}#(?:이|가|은|는)?(?:아니고요?|아니라|말고|아니구|아닌데|아니에요|아니예요|아니거든요?|아니야|아냐|아님|아니"
    f"|이?라기보(?:다는?|단)){_KOREAN_INSTEAD}{_KOREAN_IS}"
    f"|{_KOREAN_LEAD}#보(?:다는?|단){_KOREAN_INSTEAD}(?:이|가)?{_KOREAN_SEEMS}"
    f"|{_KOREAN_LEAD}#(?:은|는)?(?:무슨|개뿔){_KOREAN_INSTEAD}{_KOREAN_IS_SAID}"
    f"|{_KOREAN_LEAD}@(?:인데|이었는데|였는데|맞는데)왜?#"
    "(?:(?:이?라고|으?로)(?:했|봤|말했|보셨|나왔|나오|보이)[가-힣]{0,4}|이?래요?|이?라며|이?라고요?)"
    f"|{_KOREAN_LEAD}@{_KOREAN_IS_SAID}#(?:{_KOREAN_NOT}|(?:이|가)?(?:아니고요?|아니라|말고요?))"
)
DENIAL = (_ENGLISH_DENIAL, _KOREAN_DENIAL)
EXCHANGE = (_ENGLISH_EXCHANGE, _KOREAN_EXCHANGE)
_NO_NOUN = r"(?:bit|little|lot|shame|pity|joke|problem|good|nice|great|bad|lovely|perfect|beautiful|cute)\b"
_NO_PLURAL = r"(?:(?:\w+ )?(?:yours|hers|ours|theirs|always)|my|your|his|her|our|their|not|from|for|in|on|at|as|of)\b"
_ENGLISH_UNKNOWN = re.compile(
    rf"{_LEAD}{_IS_NOT} (?:an? |any )?(?:pair of )?#(?: but)?"
    rf"(?: (?:leggings|tights|joggers|sweatpants|overalls|slippers|crocs|pajamas|a (?:suit|robe|cape|poncho|tracksuit))"
    rf"| (?:it s|it is|that s|that is) an? (?!{_NO_NOUN})\w+(?: \w+)?"
    rf"| (?:they re|they are|those are|these are) (?!{_NO_PLURAL})(?:\w+ )?\w+[^\W\dsui]s{_TAIL})"
)
_WORN_NOUN = (
    "레깅스|타이[츠즈]|스타킹|양말|투피스|쓰리피스|[수슈]트|정장|턱시도|로브|가운|망토|케이프|판초|볼레로|조거|[추츄]리닝|집업|아노락"
    "|[플후]리스|무스탕|파자마|비키니|캐미솔|뷔스티에|코르셋|슬립|(?:튜브|브라|크롭|트랙|홀터)탑|멜빵|서스펜더|우비|래[시쉬]가드|속치마"
    "|반다나|두건|머리띠|머리핀|헤어핀|헤어밴드|헬멧|헤드셋|가발|머리끈|리본|안경|고글|마스크|장갑|토시|시계|팔찌|목걸이|귀걸이|반지"
    "|초커|브로치|넥워머|크록스|쪼리|뮬|슬립온|컨버스|어그|고무신|클로그|우산|양산|지갑|파우치|클러치|힙색|봉투|봉지|담요|수건"
    "|카메라|강아지|고양이|인형|노트북|책|머리카락|머리|끈|통굽|키높이|부츠컷"
    "|(?:헤드|이어|핸드|휴대|스마트)?폰|[잠속비]옷|(?:쇼핑|에코|토트|크로스|미니|골프)백|[교군양내도]복"
    "|(?!내|제|새|친구|엄마|아빠|언니|누나|오빠|동생|남친|여친)[가-힣]{0,3}(?:바지|치마|셔츠|스커트|팬츠|원피스|코트|재킷|자켓|점퍼|조끼|니트|슈즈|부츠|모자|가방|벨트|밴드)"
    "|구두|(?:수영|운동|작업|등산|체육|승마|스키|요가|환자|임부|트레이닝)복|(?:등산|축구|농구|야구|골프|실내|작업|안전|방한|워킹|[러런]닝|트레킹)화"
)
"""Things that are worn, held or hung around, and that Eva has no name for."""
_KOREAN_IS_NOUN = "(?:이야|야|이에요|예요|에요|이예요|인데요?|임|입니다|이거든요?|거든요?|이?라고요?)"
_KOREAN_UNKNOWN = re.compile(f"{_KOREAN_LEAD}#(?:이|가)?(?:아니고|아니라|아니구)(?:{_WORN_NOUN}){_KOREAN_IS_NOUN}")
UNKNOWN = (_ENGLISH_UNKNOWN, _KOREAN_UNKNOWN)
"""Exchanges for a thing that Eva has no name for: "those aren't jeans, they're leggings".

The thing is one noun, in Korean one of something to wear: "it's not the jeans, they're great", "청바지가 아니라 핏이
별로야" and "가방이 아니라 예술이야" speak of something else.
"""
_ASSERTION = re.compile(
    rf"{_LEAD}it {_BE} (?:(?:actually|really|in fact) {_SHADE}#|{_SHADE}# (?:actually|in fact|though)){_TAIL}"
)
_KOREAN_ASSERTION = re.compile(
    f"(?:사실은?|실은|원래|정확히는|실제로는?|틀렸(?:어요?|네요?|는데요?|습니다)|틀림|잘못(?:봤어요?|봤네요?|보셨어요))#{_KOREAN_IS_SAID}"
)
ASSERTIONS = (_ASSERTION, _KOREAN_ASSERTION)
"""The color of a garment, against what was said of it."""
_PLAIN_ASSERTION = re.compile(rf"{_LEAD}it (?:s|re|r|is|are) {_SHADE}#{_TAIL}")
_KOREAN_PLAIN_ASSERTION = re.compile("#(?:이야|야|이에요|예요|에요|이예요|인데요?|임|입니다|이거든요?|거든요?)")
PLAIN_ASSERTIONS = (_PLAIN_ASSERTION, _KOREAN_PLAIN_ASSERTION)
"""The color of a garment, in a statement about nothing else."""
_TOLD_ITEM = re.compile(rf"{_LEAD}{_IS} (?:(?:actually|really|just|clearly|literally|more like) )*{_ONE}#{_TAIL}")
_KOREAN_TOLD_ITEM = re.compile(
    f"(?!나|난|저|전|내가|제가){_KOREAN_LEAD}#(?:이야|야|이에요|예요|에요|임|입니다|이거든요?|거든요?|인데요?|이?라니까요?|이?가?맞(?:아요?|네요?|음|다))"
)
TOLD_ITEM = (_TOLD_ITEM, _KOREAN_TOLD_ITEM)
"""What something is, without a word for what was said: it takes the place of the one thing that it rules out."""
_DRESS_SHOES = (
    r"(?:pair of )?(?:(?:dress|formal|dressy|patent)(?: leather)? shoes|(?:leather )?(?:oxfords?|brogues|derbies))"
)
TOLD_DRESS_SHOES = (
    re.compile(
        rf"{_LEAD}(?:(?:{_IS}|(?:the|my) shoes (?:are|r)|i m wearing) )?"
        rf"(?:(?:actually|really|just|my) )*(?:{_DRESS_SHOES}){_TAIL}"
    ),
    re.compile(f"(?!나|난|저|전){_KOREAN_LEAD}(?:신발은|신발이|신은건|신은거)?(?:이거|그거)?구두{_KOREAN_IS_SAID}"),
)
"""Shoes that are no sneakers, and that may be flat or have heels."""
OWN = re.compile(rf"{_LEAD}(?:the|my) (?!other )|(?:아니|근데|에바야?|저기)? ?(?:이|내|제) ")
"""The start of a statement about a garment that is worn."""


def matches(pair: PatternPair, text: str) -> bool:
    """Whether one of two patterns matches a whole normalized text."""
    english, korean = pair
    return english.fullmatch(text) is not None or korean.fullmatch(text.replace(" ", "")) is not None
