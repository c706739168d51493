"""English as it is texted, in slang and without punctuation, and other messages with the same words."""

import pytest

from core.clothing import Color, Item
from core.conversation.garment_kinds import GarmentKind
from core.conversation.intents import Intent, find_intent
from core.conversation.item_corrections import ItemCorrection, find_item_correction
from core.conversation.item_questions import find_item_question
from core.conversation.name_answers import find_typed_name
from core.conversation.open_questions import Aspect, OpenQuestion, find_open_question
from core.conversation.style_names import find_asked_styles, parse_style_answer, parse_style_guess
from core.styles import Style

NAVY_HOODIE = ItemCorrection(denied=Item.HOODIE, instead=Color.NAVY, is_garment_kept=True, is_remark=True)
WHITE_SHOES = ItemCorrection(
    denied=Color.WHITE, of=GarmentKind.SHOES, instead=Color.WHITE, is_garment_kept=True, is_remark=True
)


@pytest.mark.parametrize(
    ("messages", "intent"),
    [
        (
            ("yep share it", "can u post it for me", "share this fit", "make this public pls", "how do i share it"),
            Intent.SHARE,
        ),
        (("what happens if i share it", "who can see it if i share it", "how does sharing work"), Intent.PHOTOS),
        (("take it down", "take my pic off the board", "unshare", "remove it from the board"), Intent.UNSHARE),
        (("take down the photo", "take down all my posts pls", "take this look down"), Intent.UNSHARE),
        (("make it private again", "i didnt want it public", "i regret sharing", "un post it"), Intent.UNSHARE),
        (
            ("delete this photo", "delete that one", "remove my last pic pls", "delete my post", "can you delete it"),
            Intent.DELETE_ONE,
        ),
        (("delete my photos", "delete it all", "delete everything", "delete my account"), Intent.DELETE),
        (("how do i report someone", "report this look", "block this guy", "someone stole my pic"), Intent.REPORT),
        (("stop texting me every day", "turn off notifications", "no more notifs pls"), Intent.NEWS),
        (("bet", "hell yeah", "fr fr", "no cap", "yasss queen", "sure why not"), Intent.YES),
        (("hell nah", "ew no", "probs not", "not today satan"), Intent.NO),
        (("hard pass", "pass", "idk man", "dunno", "u better not post this"), Intent.CANCEL),
        (("y tho", "but y"), Intent.WHY),
        (("how do i look less fat", "how do i look more tall in this", "how do i look today"), Intent.LOOKS),
        (("how do i look more casual", "can i make it more retro", "want to look more feminine"), Intent.SWAP),
        (("what did i wear yesterday", "what was i wearing last night"), Intent.HISTORY),
        (("whos number 1", "who won today", "lemme see the board"), Intent.LEADERBOARD),
        (("yes you may", "sure why not", "not wrong", "ur not wrong", "its casual ur right"), Intent.YES),
        (("id rather not", "thats not it chief"), Intent.NO),
        (("keep it to yourself", "keep it private"), Intent.CANCEL),
        (("unsubscribe", "opt out", "quit messaging me", "turn the news off", "dont write to me"), Intent.NEWS),
        (("nuke my account", "delete my pics later"), Intent.DELETE),
        (("can i blur my face", "is this gdpr compliant", "i dont want my face online"), Intent.PHOTOS),
        (("u gonna use my pics for ai training", "im scared my photos leak"), Intent.PHOTOS),
        (("did u post it", "is it public now", "was my look posted already"), Intent.SHARED),
        (("do i just send a pic", "can i try another one", "does it have to be full body"), Intent.HELP),
        (("what kind of photo then", "ill send another"), Intent.HELP),
        (("r u free or do i gotta pay",), Intent.PRICE),
        (("is this ai or a real stylist",), Intent.ARE_YOU_HUMAN),
        (("what kinda styles you got", "how many styles r there"), Intent.STYLES),
        (("whats the red blob", "how does the heatmap work", "what do the marks mean"), Intent.HOW),
        (("job interview tmrw what do i wear", "first date tonight help"), Intent.WEAR),
        (("what made u say casual", "howd you get that", "based on what"), Intent.WHY),
        (("is it mixed", "could it be two styles"), Intent.BOTH),
        (("70% of what",), Intent.ACCURACY),
        (("do you like it", "roast my outfit"), Intent.SCORE),
        (("ur useless", "ur dumb af", "stfu", "fuck off"), Intent.COMPLAINT),
        (("i hate my body",), Intent.LOOKS),
        (("omg hiiii", "yo wassup"), Intent.GREETING),
        (("yeah share", "ok post it"), Intent.SHARE),
        (("ur so right", "omg ur totally right"), Intent.YES),
        (("make it more feminine how", "make this less casual"), Intent.SWAP),
        (("what am i doing wrong",), Intent.HELP),
        (("what did i send last week",), Intent.HISTORY),
    ],
)
def test_texted_requests(messages: tuple[str, ...], intent: Intent) -> None:
    assert {message: find_intent(message) for message in messages} == dict.fromkeys(messages, intent)


@pytest.mark.parametrize(
    "message",
    [
        *("keep it up", "keep it real", "turn it up", "the news is sad", "i have another one at home"),
        *("face the music", "full body workout", "can i try your hat", "do i like it", "my interview went well"),
        *("fuck this weather", "what made you cry", "70 people", "mixed feelings", "not wrong but not right"),
        *("share a coke with me", "should i post it", "sharing is caring", "put it back"),
        *("my friend wants me to share this", "i shared it with my mom", "post it and ill sue you"),
        *("take it down a notch", "take it off", "take the belt off", "dont take it down", "did you take it down"),
        *("block heels", "report card", "i'd report that coat to the fashion police", "stop talking to me"),
        *(
            "boarding pass",
            "i guess so",
            "i bet its street food",
            "no news is good news",
            "delete my ex",
            "delete the coat",
        ),
        *("forget the shoes", "should i remove the belt", "wipe that smirk off", "i deleted instagram"),
    ],
)
def test_the_same_words_about_something_else_request_nothing(message: str) -> None:
    assert find_intent(message) is None


@pytest.mark.parametrize(
    ("message", "name"),
    [
        *(("luna", "luna"), ("share it as Luna", "Luna"), ("yes post it as Mina K please", "Mina K")),
        *(("call me mina", "mina"), ("my name's Mina!", "Mina"), ("use Luna instead", "Luna")),
        *(("whatever", None), ("another name pls", None), ("idc just pick one", None), ("surprise me", None)),
        *(("post it under my name", None), ("do i have to use my real name", None), ("post it anonymously", None)),
        *(
            ("im mina", "mina"),
            ("Im Yoona", "Im Yoona"),
            ("I'm Mina", "Mina"),
            ("it's Mina!", "Mina"),
            ("mina pls", "mina"),
            ("how about mina?", "mina"),
        ),
        *(
            ("No Face", "No Face"),
            ("Art Works", "Art Works"),
            ("Ugly", "Ugly"),
            ("queen b", "queen b"),
            ("The One", "The One"),
            ("it's me", None),
        ),
        *(
            ("im too shy for that", None),
            ("keep it to urself", None),
            ("only if my face is hidden", None),
            ("the suggested one is fine", None),
        ),
        *(("i'd go with Mika", "Mika"), ("make it Bluebird", "Bluebird"), ("This Is Me", "This Is Me")),
        *(("make it shorter", None), ("me and my cat", "me and my cat"), ("who sees it lol", None)),
        *(("what do u mean", None), ("do i need one", None), ("u pick", None)),
        *(("i guess", None), ("Guess Who", "Guess Who")),
        *(("idk what to put", None), ("any ideas", None), ("ew thats ugly", None), ("doesnt matter", None)),
        *(
            ("Whatever", None),
            ("You choose", None),
            ("my name is Will", "Will"),
            ("will others see my name", None),
            ("can i use my own", None),
            ("can i use my nickname?", None),
        ),
        *(
            ("can i be bori", "bori"),
            ("I want to be Bori", "Bori"),
            ("luna lol", "luna"),
            ("Hmm, call me Luna", "Luna"),
        ),
        *(("typo, its julez", "julez"), ("call me Dr. Denim 👖", "Dr. Denim"), ("no wait different name", None)),
        *(("not my real one obv", None), ("the one you said is fine", None)),
        *(("never mind the name", None), ("Whatever Girl", "Whatever Girl"), ("use. my. head", "use. my. head")),
    ],
)
def test_the_name_in_an_answer(message: str, name: str | None) -> None:
    assert find_typed_name(message) == name


@pytest.mark.parametrize(
    ("message", "style"),
    [
        *(("ur wrong its street", Style.STREET), ("nah thats street", Style.STREET), ("retro ngl", Style.RETRO)),
        *(("its giving retro", Style.RETRO), ("pretty sure its casual", Style.CASUAL), ("lowkey street", Style.STREET)),
        *(("sure jan street", None), ("off the street", None), ("yeah sure casual", None), ("wrong street", None)),
        *(("its not giving street", None), ("giving street food", None), ("i'm very sure it's retro", Style.RETRO)),
        *(("are you pretty sure it's street", None), ("u pretty sure its street", None)),
        *(("tell me about retro", None), ("explain retro to me", None), ("if it's retro", None)),
    ],
)
def test_a_style_in_slang(message: str, style: Style | None) -> None:
    assert parse_style_answer(message) is style


@pytest.mark.parametrize(
    ("message", "answer", "asked"),
    [
        *((text, None, (Style.STREET,)) for text in ("is it street", "is it street tho?", "could it be street")),
        *((text, None, (Style.STREET,)) for text in ("what about street", "would you say street")),
        *(
            (text, None, (Style.STREET, Style.CASUAL))
            for text in ("is it street or casual", "is it more street than casual?", "street or casual?")
        ),
        *(
            (text, None, (Style.STREET, Style.CASUAL))
            for text in (
                "스트릿이야 캐주얼이야?",
                "스트릿일까 캐주얼일까",
                "스트릿이랑 캐주얼 둘 중 뭐에 가까워?",
                "스트릿이에요 아니면 캐주얼이에요?",
            )
        ),
        *(
            (text, None, (Style.MODE,))
            for text in ("isnt this more mode", "wouldnt you say its mode", "이거 모드 아닌가")
        ),
        *(
            (text, None, (Style.STREET,))
            for text in ("isn't it street??", "스트릿 아니야?", "what were the odds for street")
        ),
        *((text, None, (Style.STREET,)) for text in ("스트릿은 몇퍼였는데?", "how likely is street")),
        *(("id call it mode", Style.MODE, ()), ("스트릿인데?", Style.STREET, ()), ("what about it is retro", None, ())),
        *((text, Style.RETRO, ()) for text in ("thats a retro fit tho", "it fits retro")),
        *(
            (text, None, ())
            for text in (
                "does street fit",
                "isnt mode",
                "what does mode even mean",
                "difference between street and mode",
            )
        ),
    ],
)
def test_a_question_for_a_style_is_no_answer(message: str, answer: Style | None, asked: tuple[Style, ...]) -> None:
    assert (parse_style_answer(message, named=Style.CASUAL), find_asked_styles(message)) == (answer, asked)


def test_a_question_for_a_style_is_a_guess_before_the_verdict() -> None:
    assert {parse_style_guess(text) for text in ("is it street", "is it street?", "street?")} == {Style.STREET}


@pytest.mark.parametrize(
    ("message", "thing"),
    [
        *(("you missed my hat", Item.HAT), ("u forgot the sunglasses", Item.SUNGLASSES)),
        *(("i also have a belt on", Item.BELT), ("theres a belt too", Item.BELT), ("wheres the bag u see", Item.BAG)),
        *(("i have a hat", None), ("you forgot my birthday", None), ("i also have a dog", None)),
    ],
)
def test_what_eva_is_said_to_have_missed_is_asked_about(message: str, thing: Item | None) -> None:
    mention = find_item_question(message)
    assert (mention and mention.thing) is thing


@pytest.mark.parametrize(
    ("message", "item"),
    [
        *(
            ("those are boots", Item.BOOTS),
            ("the shoes are boots", Item.BOOTS),
            ("its actually a skirt lol", Item.SKIRT),
        ),
        *(("are those boots", None), ("those are boots?", None), ("those are my boots", None)),
        *(("its a nice skirt", None), ("its a dress code", None)),
    ],
)
def test_what_a_garment_is_said_to_be(message: str, item: Item | None) -> None:
    correction = find_item_correction(message)
    assert (correction and (correction.instead, correction.is_told_item)) == (item and (item, True))


@pytest.mark.parametrize(
    ("message", "denied"),
    [
        *(("bruh thats not a jacket", Item.JACKET), ("umm those arent jeans tho", Item.JEANS)),
        *(("it aint a coat", Item.COAT), ("aint no hat there", Item.HAT), ("im not even wearing a hat", Item.HAT)),
        *(("there is literally no hat", Item.HAT), ("no scarf bro", Item.SCARF), ("those r not boots", Item.BOOTS)),
        *(("no belt or belt", None), ("hat or no hat", None), ("no cap bro", None), ("not a hat guy", None)),
        *(
            ("not a dress girl", None),
            ("not a hat dude", None),
            ("no jeans today", None),
            ("no heels tonight i guess", None),
        ),
        *(("not wearing heels tomorrow", None), ("its not the coat its me", None), ("my hair isnt black", None)),
        *(("would look better in black not white", None), ("got it in black not white", None)),
        *(("my cat is black not white", None), ("aint my coat", None), ("i wasnt wearing a belt yesterday", None)),
    ],
)
def test_a_denial_in_slang(message: str, denied: Item | None) -> None:
    assert find_item_correction(message) == (None if denied is None else ItemCorrection(denied=denied))


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("the hoodie is navy", NAVY_HOODIE),
        *((text, NAVY_HOODIE) for text in ("후드티는 네이비야", "후드티 네이비야", "후드티가 네이비인뎁쇼")),
        ("the hoodie is navy btw", NAVY_HOODIE),
        (
            "my shoes are white lol",
            WHITE_SHOES,
        ),
        *(
            (message, None)
            for message in (
                *("the coat is navy?", "the coat is navy right", "the coat is navy or black", "her dress is red"),
                *("this dress is red", "your jeans are black", "the shoes are red hot", "the coat should be navy"),
                *("my other coat is black", "the coat was black"),
                *("the wall is white", "후드티 네이비야?", "코트는 네이비야?", "코트는 네이비지", "하늘은 파란색이야"),
            )
        ),
    ],
)
def test_a_color_that_is_told_of_a_garment(message: str, expected: ItemCorrection | None) -> None:
    assert find_item_correction(message) == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        *((text, OpenQuestion(aspect=Aspect.COLOR, subject=Item.COAT)) for text in ("coat color?", "color of coat")),
        ("the coat's color is wrong", OpenQuestion(aspect=Aspect.WRONG_COLOR, subject=Item.COAT)),
        *((text, None) for text in ("what coat color should i buy", "nice coat color", "i want a coat of that color")),
    ],
)
def test_the_color_of_a_garment_in_short(message: str, expected: OpenQuestion | None) -> None:
    assert find_open_question(message) == expected
