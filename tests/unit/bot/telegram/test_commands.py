from __future__ import annotations

from html import unescape

import pytest

from bot.measure import units
from bot.telegram.commands import Name, answer
from bot.texts import Language, text
from bot.voice import describe, style_name
from core.styles import STYLES

LANGUAGES = list(Language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [*Name, "nonsense", ""])
def test_every_command_is_answered_or_left_to_the_database(name: str, language: Language) -> None:
    messages = answer(name, language, hours=24)

    if name in {"me", "board"}:
        assert messages is None
    else:
        assert messages
        assert all(0 < units(unescape(message.html)) <= 4096 for message in messages)


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_eight_styles_are_described(language: Language) -> None:
    (message,) = answer("styles", language, hours=24) or ()

    for style in STYLES:
        assert f"{style_name(style, language)}: {describe(style, language)}" in unescape(message.html)


@pytest.mark.parametrize("language", LANGUAGES)
def test_help_names_every_command_but_itself_and_start(language: Language) -> None:
    assert all(f"/{name} " in text("telegram.help", language) for name in Name if name not in {Name.HELP, Name.START})


def test_privacy_says_how_long_photos_are_kept() -> None:
    (message,) = answer("privacy", Language.EN, hours=36) or ()

    assert "36 hours" in message.html


@pytest.mark.parametrize("name", ["language", "forget"])
def test_questions_have_buttons(name: str) -> None:
    (message,) = answer(name, Language.KO, hours=24) or ()

    assert message.keyboard is not None
