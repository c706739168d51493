from html import unescape

import pytest

from bot.telegram.commands import CommandName, command_messages
from bot.text_limits import utf16_length
from core.conversation.narration import style_description, style_name
from core.i18n.translations import Language, translate
from core.styles import STYLES

LANGUAGES = list(Language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [*CommandName, "nonsense", ""])
def test_every_command_is_answered_or_left_to_the_database(name: str, language: Language) -> None:
    messages = command_messages(name, language, hours=24)

    if name in {"me", "board"}:
        assert messages is None
    else:
        assert messages
        assert all(0 < utf16_length(unescape(message.html)) <= 4096 for message in messages)


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_eight_styles_are_described(language: Language) -> None:
    (message,) = command_messages("styles", language, hours=24) or ()

    for style in STYLES:
        assert f"{style_name(style, language)}: {style_description(style, language)}" in unescape(message.html)


@pytest.mark.parametrize("language", LANGUAGES)
def test_help_names_every_command_but_itself_and_start(language: Language) -> None:
    assert all(
        f"/{name} " in translate("telegram.help", language)
        for name in CommandName
        if name not in {CommandName.HELP, CommandName.START}
    )


def test_privacy_says_how_long_photos_are_kept() -> None:
    (message,) = command_messages("privacy", Language.EN, hours=36) or ()

    assert "36 hours" in message.html


@pytest.mark.parametrize("name", ["language", "forget"])
def test_questions_have_buttons(name: str) -> None:
    (message,) = command_messages(name, Language.KO, hours=24) or ()

    assert message.keyboard is not None
