"""Questions for the week, for swaps and similar looks, and for what is worn most."""

import pytest

from core.conversation.intents import Intent, find_intent


@pytest.mark.parametrize(
    ("message", "intent"),
    [
        *((text, Intent.WEEK) for text in ("my week", "/week", "This week?", "can you make my weekly card")),
        *((text, Intent.WEEK) for text in ("이번 주", "이번 주에 뭐 입었지?", "일주일 코디 카드로 만들어 줘")),
        ("this week's top looks", Intent.LEADERBOARD),
        ("이번 주 랭킹", Intent.LEADERBOARD),
        ("이번 주말에 뭐 입지", Intent.WEAR),
        ("how was your week", Intent.SMALL_TALK),
        *((text, Intent.WEEK) for text in ("what does my week look like", "나 이번주 결산", "주간 결산", "내 일주일")),
        *((text, Intent.PRAISE) for text in ("not bad eva, not bad", "나쁘지 않네", "오 맞췄네 대박")),
        *(
            (text, Intent.COMPLAINT)
            for text in ("ugh you're always wrong", "아 진짜 짜증나 맨날 틀려", "색깔 다 틀렸어")
        ),
        ("what do you think of my hat", Intent.SCORE),
        ("또 틀렸네 ㅡㅡ", Intent.COMPLAINT),
        *((text, Intent.PHOTOS) for text in ("사진 저장됨?? 찝찝한데", "hi! do you keep my photos? kinda worried")),
        *((text, Intent.DELETE_ONE) for text in ("이거 삭제 어케", "이 사진 지우려면 어떻게 해?")),
        *((text, Intent.PRICE) for text in ("재밌네ㅋㅋ 근데 이거 무료야?", "my gf sent me here lol. is it free?")),
        *((text, None) for text in ("help! my desk. ok", "delete it. why?", "mr. noodle")),
        *(
            (text, Intent.HELP)
            for text in ("사진어디다보내여", "상체만 나온것도 괜찮아요??", "does a mirror pic count")
        ),
        *((text, Intent.NEW_PHOTO) for text in ("지금 보낼게 잠만", "ok next pic coming", "hang on getting dressed")),
        *(
            (text, Intent.SWAP)
            for text in (
                "힙한느낌 낼라면?",
                "좀 더 캐주얼하게 하려면?",
                "뭘바꿔야 스트릿됨?",
                "what would make it less boring",
            )
        ),
        *((text, Intent.DETAILS) for text in ("2nd guess?", "what else could it be", "비캐 말고 딴거 가능성은?")),
        ("고마워요 에바 ㅎㅎ 도움됐어", Intent.THANKS),
        ("you're getting better at this", Intent.PRAISE),
        ("what did i wear this month", Intent.HISTORY),
        ("올리지마 절대 ㅋㅋ", Intent.CANCEL),
        *((text, Intent.WEEK) for text in ("how was my week?", "how's my week been", "what was my style this week")),
        *((text, Intent.WEEK) for text in ("이번 주 어땠어?", "이번주 나 어땠어", "이번 주 내 스타일 어때?")),
        *((text, Intent.HISTORY) for text in ("how was my month?", "whats my style been like this month")),
        *((text, Intent.HISTORY) for text in ("이번 달 내 스타일 어때?", "이번 달 어땠어?", "저번주에 나 뭐입었더라")),
        *((text, None) for text in ("요즘 어때?", "이번 주 날씨 어때?", "이번 주말 코디 어때?", "오늘 어땠어?")),
        ("이번 주 사진 보여줘", Intent.HISTORY),
        ("내가 이번주에 보낸 사진 보여줘", Intent.HISTORY),
        ("이번주 기록 보여줘", Intent.HISTORY),
        *((text, None) for text in ("이번 주 너무 힘들었어", "weekend")),
        ("this week has been hard", Intent.SAD),
        *((text, None) for text in ("a week", "weekly", "일주일", "한주", "what does this week look like")),
    ],
)
def test_the_week_is_told_apart_from_what_else_happens_in_it(message: str, intent: Intent | None) -> None:
    assert find_intent(message) is intent


@pytest.mark.parametrize(
    ("message", "intent"),
    [
        *[
            (text, Intent.SWAP)
            for text in (
                "what would change it?",
                "what would change it",
                "what would make it British Mode?",
                "what would make it mode",
                "what should i change?",
                "which piece would I swap",
                "how do i make it street?",
                "how can I make this more casual?",
                "what would it take to be retro?",
                "what should I change to get Business Casual",
                "how could this become street",
                "what needs to change?",
                "suggest a swap",
                "what would you change",
                "what's missing for street?",
                "뭘 바꾸면 달라져요?",
                "뭘 바꾸면 돼?",
                "뭐를 바꾸면 달라져요?",
                "어떻게 하면 스트리트가 돼?",
                "뭘 바꿔야 스트릿이 될까요?",
                "모드로 보이려면 뭘 바꿔야 해요?",
                "뭐 하나 바꾸면 스타일이 달라져?",
                "하나만 바꾼다면?",
                "뭐가 바뀌면 달라져?",
                "스트리트로 가려면?",
                "어떻게 하면 더 캐주얼로 보일까요",
                "뭘 바꿀까요?",
            )
        ],
        *[
            (text, Intent.SIMILAR)
            for text in (
                "similar looks",
                "show similar looks",
                "show me similar outfits",
                "looks like this",
                "outfits like mine",
                "find me looks like this one",
                "any similar looks?",
                "who else dresses like me?",
                "are there similar looks",
                "비슷한 룩",
                "비슷한 룩 보여줘",
                "닮은 룩 보여줘",
                "비슷한 코디 있어요?",
                "나랑 비슷하게 입은 사람 있어?",
                "이거랑 비슷한 거 보여줘",
                "비슷한 코디",
                "유사한 코디 찾아주세요",
            )
        ],
        *[
            (text, Intent.HISTORY)
            for text in (
                "what do I wear most?",
                "what do i wear the most",
                "what colors do I wear most often?",
                "my most worn item",
                "what's my most worn item?",
                "what did I wear most this month?",
                "which color do i wear the most",
                "what do I usually wear?",
                "my stats",
                "my colors",
                "내가 뭘 제일 많이 입어?",
                "나 뭘 제일 많이 입어요?",
                "내가 자주 입는 색",
                "제가 제일 많이 입는 옷은 뭐예요?",
                "요즘 무슨 색을 많이 입어?",
                "가장 많이 입은 색은?",
                "내 색",
                "평소에 뭐 자주 입어요? 나",
            )
        ],
        *[
            (text, None)
            for text in (
                "what would change my life",
                "what would make it rain",
                "how do I make it to the station",
                "what should I change into",
                "what should I change my password to",
                "swap meet",
                "how do I change it back",
                "similar",
                "they look similar",
                "looks like rain",
                "looks like it",
                "i have a similar look at home",
                "similar to street food",
                "the change is in my pocket",
                "what do most people wear",
                "i wear it most days",
                "비슷해요",
                "비슷한 것 같아요",
                "비슷한 가격",
                "비슷한 옷 있어요",
                "뭘 바꿔 달라는 거예요",
                "이름을 바꾸면 돼?",
                "비밀번호 바꾸면 돼?",
                "스트리트 푸드로 가려면",
                "많이 입어요",
                "이거 자주 입어요",
                "뭐 많이 먹었어",
                "how do i get to street food",
                "does anyone look good in this",
                "show me a similar recipe",
                "닮은 사람",
                "most worn out shoes ever",
            )
        ],
        ("왜?", Intent.WHY),
        ("오늘 뭐 입지?", Intent.WEAR),
        ("what should I wear to work", Intent.WEAR),
    ],
)
def test_questions_for_swaps_similar_looks_and_what_is_worn_most(message: str, intent: Intent | None) -> None:
    assert find_intent(message) is intent
