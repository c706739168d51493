"""Messages that look like another intent than they have, and ironic agreement."""

import pytest

from core.conversation.intents import Intent, find_intent


@pytest.mark.parametrize(
    ("intent", "messages"),
    [
        (
            None,
            (
                "봄",
                "나봄",
                "전봄",
                "네 봄",
                "올림",
                "지림",
                "구림",
                "하나",
                "하니",
                "해나",
                "자니",
                "이름은 유나",
                "이름 뭐로 할까",
                *("look", "real", "check please", "다시", "다시 봐줘", "대충", "next to me", "Ready", "men", "hearts"),
                "다 삭제됨",
                "삭제됨?",
            ),
        ),
        (Intent.SURPRISE, ("신기", "헐 왜 이래 ㅋㅋ", "헐 이거 왜이래", "왜 이래 ㅋㅋ")),
        (Intent.COMPLAINT, ("왜 이래", "너 왜 이래")),
        (Intent.LOOKS, ("살 빠져 보여?", "얘 남자야 여자야", "is she a boy or a girl", "is that a man or a woman?")),
        (None, ("그냥 그래", "그냥 그래요", "걍 그렇네", "진짜 지워지나", "다 내려")),
        (Intent.DELETE, ("그냥 지워줘", "진짜 지워줘")),
        (Intent.PRAISE, ("진짜 좋아",)),
        (None, ("여자 옷이야?", "나 여자야", "is it a shirt or a jacket")),
        (Intent.DETAILS, ("what style is this?", "what's my style", "이거 무슨 스타일이야?", "내 스타일이 뭐야?")),
        (Intent.STYLES, ("스타일이 뭐야?", "what styles are there?")),
        (Intent.SEEN, ("내가 뭐 입었어?",)),
        (Intent.LAUGHTER, ("하하", "푸하하ㅋㅋ", "웃겨요")),
        (Intent.CANCEL, ("취소함", "공유 안 하고 싶어요", "공유 안하고싶어", "네 취소해줘")),
        (Intent.HISTORY, ("그 첫번째 사진 내려", "첫번째 코디 내려줘", "마지막 거 내릴래")),
        (Intent.HISTORY, ("하트 몇개야", "하트 얼마나 받았어")),
        (
            Intent.ACCOUNT,
            (
                *("이름 어떻게 바꿔요?", "do I need to log in to use this"),
                "do i need an account?",
                "do i have to sign up",
                "가입해야 돼요?",
                "회원가입 필요한가요",
                "계정 없어도 되나요",
            ),
        ),
        (
            Intent.PHOTOS,
            (
                "can i delete it later?",
                "could i remove it later?",
                "photos deleted after?",
                "어제 사진 삭제하면 어떻게 돼?",
                "어제 사진 지우면 어떻게 돼?",
                "why don't you delete my photos",
                "hey did you delete my photos",
                *("did you delete everything?", "have you deleted everything?", "who erased everything"),
                *("will you delete my photos?", "what if you delete my photos", "what if I post it on the board"),
                *("진짜 삭제했어?", "안 삭제했어?"),
                *("what if you put my look on the board", "are you going to close my account?", "is my picture clear?"),
                *("언제 지워줘", "왜 다 지워", "다 삭제했어?", "왜 마지막 사진 지워", "탈퇴하면 어떻게 돼?"),
            ),
        ),
        (Intent.DELETE, ("delete my pics later", "지워줘 좀요")),
        (Intent.CANCEL, ("don't delete my pics later", "I don't want you to delete my pics later")),
        (Intent.CANCEL, ("can you not put my look on the board", "please not remove my photo")),
        (Intent.DELETE_ONE, ("어제 사진 지워줘", "어제 사진 지우고 싶어")),
        (Intent.APOLOGY, ("사진 잘못 올렸어요", "잘못 올렸어", "내가 잘못 올렸어", "잘못 보냈어")),
        (Intent.UNSHARE, ("보드에 잘못 올렸어", "잘못 공유했어", "괜히 올렸어")),
        (Intent.UNSHARE, ("역시 내려줘", "걍 내려", "아니다 내려줘", "그럼 내려줘", "내려")),
        (Intent.SHARE, ("공유해줘 좀요", "이거 올림", "다시 올려줘", "역시 올려줘", "아니다 걍 올려")),
        (Intent.NEW_PHOTO, ("다시 올릴게", "다시 사진 올릴게")),
        (None, ("머리 내려", "소매 내려", "내려와", "다시 안 올려", "마지막 커피 내려줘")),
        (Intent.WEAR, ("추천해줘 좀요", "내일 뭐입어야됨", "내 코디 골라줘")),
        (Intent.HELP, ("도와줘 좀요", "셀카 보내도 돼요?", "can i send two photos at once")),
        (Intent.YES, ("좋아 좀요", "sure why not", "you can")),
        (Intent.WHY, ("why not?", "why not")),
        (Intent.NO, ("무슨 캐주얼이야", "뭔 스트릿이냐", "어딜 봐서 캐주얼이에요", "안됨")),
        (Intent.REPORT, ("이 사람 신고해줘", "이상한 사진 신고")),
        (Intent.SCORE, ("do you like these jeans", "do you love my style?", "do you like the color")),
        (Intent.SMALL_TALK, ("do you like pizza", "do you like the beatles", "do you like my cat")),
        (Intent.HOW, ("what are the red spots", "how does the heatmap work")),
        (
            None,
            (
                "you can?",
                "don't share it, delete it",
                "I didn't mean to share it",
                "you didn't delete my photos",
                "where can I upload my photo?",
                "does it add to the look",
                "무슨 캐주얼이에요?",
                "무슨 모드예요?",
                "what spots",
                "how glow",
            ),
        ),
        (None, ("이 코디 샌들 신고 해줘", "이 사진 스니커즈 신고", "사람들이 로퍼 많이 신고")),
    ],
)
def test_forms_that_resemble_another_intent(intent: Intent | None, messages: tuple[str, ...]) -> None:
    assert {message: find_intent(message) for message in messages} == dict.fromkeys(messages, intent)


@pytest.mark.parametrize("message", ["yeah right", "Oh yeah, right...", "맞긴 뭐가 맞아", "맞긴 무슨"])
def test_ironic_agreement_disagrees(message: str) -> None:
    assert find_intent(message) is Intent.NO


@pytest.mark.parametrize("message", ["yes right", "right", "맞아", "맞긴 해", "뭐가 맞아?"])
def test_plain_agreement_is_not_ironic(message: str) -> None:
    assert find_intent(message) is not Intent.NO
