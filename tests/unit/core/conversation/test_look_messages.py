import pytest

from core.conversation.look_messages import asks_why_not


@pytest.mark.parametrize(
    "message",
    [
        *(
            "why not?",
            "why",
            "how come?",
            "why can't you?",
            "what's wrong with it?",
            "what's the problem",
            "why no style?",
        ),
        *("it is an outfit", "but that's an outfit!", "why isn't that an outfit?", "why did you refuse"),
        *(
            "왜 안 돼?",
            "왜 안돼요",
            "왜 못 봐?",
            "왜 안 봐줘",
            "뭐가 문제야?",
            "왜요",
            "왜 안 되나요?",
            "왜 안 되는 거예요?",
        ),
        *("왜 코디가 아니에요?", "코디 맞는데요", "왜 안 보여요?", "왜 거절해요", "뭐가 안 돼요"),
        "왜 안 되는 거예요?",
        *(
            "옷 입었는데?",
            "코트 입었잖아요",
            "사람 있잖아",
            "이거 옷 맞거든",
            "옷이 없다고?",
            "뭐가 문제임",
            "엥 왜 못봐",
        ),
        *("코디 보이잖아 왜 안된대", "거울에 다 나왔는데 왜", "이게 왜 코디가 아니야 옷 입었잖아"),
        *("신발까지 나왔는데요", "코디 맞아요", "분명히 옷 입고 있는데"),
    ],
)
def test_question_for_the_reason_of_a_refusal(message: str) -> None:
    assert asks_why_not(message)


@pytest.mark.parametrize(
    "message",
    [
        *("what is this", "what's wrong with you", "no", "is it an outfit for work?", "this is my outfit of the day"),
        *(
            "왜 이렇게 비싸요",
            "뭐예요",
            "왜 살아야 하죠",
            "뭐가 유행이에요",
            "안 돼요",
            "어디가 좋아요",
            "왜 이래",
            "코디 추천해 주세요",
        ),
        *("시간 있어?", "비 맞았어", "친구 만났는데", "옷 샀는데"),
    ],
)
def test_other_messages_ask_for_no_reason(message: str) -> None:
    assert not asks_why_not(message)
