import pytest

from bot.telegram.commands import CommandName, command_messages
from bot.telegram.keyboards import Keyboards
from core.conversation.narration import style_description, style_name
from core.i18n.translations import Language, translate, utf16_length
from core.styles import STYLES

LANGUAGES = list(Language)
DATABASE_COMMANDS = {CommandName.ME, CommandName.WEEK, CommandName.BOARD}


def keyboards(language: Language) -> Keyboards:
    return Keyboards(owner_id=42, language=language, is_private=True, bot_username="eva_stylist_bot")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [*sorted(set(CommandName) - DATABASE_COMMANDS), "nonsense", ""])
def test_every_command_has_a_reply_within_the_limits(name: str, language: Language) -> None:
    messages = command_messages(name, keyboards(language), private_photo_hours=24)

    assert messages
    assert all(0 < utf16_length(message.text) <= 4096 for message in messages)


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_eight_styles_are_described(language: Language) -> None:
    (message,) = command_messages("styles", keyboards(language), private_photo_hours=24)

    for style in STYLES:
        assert f"{style_name(style, language)}: {style_description(style, language)}" in message.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_help_lists_every_command_except_itself_and_start(language: Language) -> None:
    assert all(
        f"/{name} " in translate("telegram.help", language)
        for name in CommandName
        if name not in {CommandName.HELP, CommandName.START}
    )


def test_privacy_reply_names_the_retention_of_private_photos() -> None:
    (message,) = command_messages("privacy", keyboards(Language.EN), private_photo_hours=36)

    assert "36 hours" in message.text


@pytest.mark.parametrize("name", ["language", "forget"])
def test_questions_have_buttons(name: str) -> None:
    (message,) = command_messages(name, keyboards(Language.KO), private_photo_hours=24)

    assert message.keyboard is not None
