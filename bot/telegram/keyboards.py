"""Inline keyboards, and what their buttons carry: an action and the person whom it belongs to, see `button_presses`.

The `callback_data` of a button has at most 64 bytes:

    code [. look [. style, language or name tag]] ~ owner [. time]        e.g.  c.AZpfAAAAcACAAAAAAAAAAQ.6~42

The code of the action is one letter, the look its 16 bytes in base64url, the style its position among the eight, the
language its ISO 639-1 code, the name tag that of `tag_name`. The owner is the Telegram id of the person who may press
the button, the time the Unix time at which the question was asked, only for actions that expire. Buttons stay in chats
for years: codes and positions may be added but never reassigned.
"""

import binascii
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, SwitchInlineQueryChosenChat

from bot.telegram.deep_links import WEEK_QUERY, card_query, look_argument, private_chat_url
from core.conversation.actions import Action, ActionType, tag_name
from core.conversation.look_messages import list_offers
from core.conversation.reply import Reply
from core.conversation.smalltalk import button_label
from core.db.looks import Look
from core.db.schema import PendingQuestion
from core.i18n.translations import Language, translate
from core.settings import Settings
from core.styles import STYLES
from core.urls import look_url
from core.vision.verdict import ConfidenceBand

EXPIRING_ACTIONS = {ActionType.CONFIRM_ERASE, ActionType.ACCEPT_NAME, ActionType.CONFIRM_NAME}
"""The actions whose buttons can be pressed for `button_presses.QUESTION_SECONDS` only."""
ACTION_CODES = {
    ActionType.SHARE: "s",
    ActionType.KEEP_PRIVATE: "k",
    ActionType.UNSHARE: "u",
    ActionType.GUESS: "g",
    ActionType.REVEAL_FIRST: "w",
    ActionType.SHOW_DETAILS: "d",
    ActionType.CORRECT: "c",
    ActionType.SHOW_REASON: "R",
    ActionType.SHOW_SWAP: "T",
    ActionType.SHOW_SIMILAR: "S",
    ActionType.NEW_PHOTO: "a",
    ActionType.SHOW_RESULT: "r",
    ActionType.GRANT_CONSENT: "y",
    ActionType.DECLINE_CONSENT: "n",
    ActionType.SET_LANGUAGE: "l",
    ActionType.OPEN_ACCOUNT: "p",
    ActionType.SHOW_LEADERBOARD: "b",
    ActionType.SHOW_HISTORY: "h",
    ActionType.SHOW_WEEK: "W",
    ActionType.SHOW_PRIVACY: "v",
    ActionType.ACCEPT_NAME: "m",
    ActionType.CONFIRM_NAME: "o",
    ActionType.CANCEL_NAME: "x",
    ActionType.ALLOW_LEARNING: "i",
    ActionType.DECLINE_LEARNING: "j",
    ActionType.START_DAILY_NEWS: "q",
    ActionType.STOP_DAILY_NEWS: "Q",
    ActionType.ASK_ERASE: "f",
    ActionType.CONFIRM_ERASE: "e",
    ActionType.CANCEL: "t",
}
ACTIONS_BY_CODE = {code: action_type for action_type, code in ACTION_CODES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackData:
    """What a button does, and for whom. May be forged, apart from what Telegram says about who pressed it."""

    action: Action
    owner_id: int | None = None
    """Telegram id of the person whom the button belongs to; None for a button of unknown origin."""
    asked_at: int | None = None
    """Unix time in seconds at which the button was sent, for actions that expire."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyboards:
    """The keyboards for one person in one chat."""

    owner_id: int
    """Telegram id of the person who may press the buttons."""
    language: Language
    """Of the labels."""
    is_private: bool
    """Whether the chat is private. Keyboards of groups lead to the private chat for what is personal."""
    bot_username: str
    """For links to the private chat."""
    finds_similar: bool = True
    """Whether looks can be compared."""

    def look(
        self, look: Look, settings: Settings, *, guesses_first: bool = False, is_kept: bool = False
    ) -> InlineKeyboardMarkup | None:
        """The actions on a judged photo in its current state; in groups the same whatever happened to it elsewhere.

        Without an outfit it can be neither shared nor corrected.

        Args:
            look: the look.
            settings: for the URL of its page, if it is public.
            guesses_first: whether its owner wants to guess before the verdict.
            is_kept: whether its owner has just kept it private, which leaves that button out.
        """
        look_id, has_outfit = look.id, look.verdict.band is not ConfidenceBand.NOT_AN_OUTFIT
        if not self.is_private:
            actions = (ActionType.SHARE, ActionType.SHOW_DETAILS, ActionType.CORRECT) if has_outfit else ()
            rows = [[self._button(Action(type=action_type, look_id=look_id)) for action_type in actions]]
            return InlineKeyboardMarkup(rows) if actions else None
        next_photo = [
            self._button(Action(type=ActionType.NEW_PHOTO)),
            self._button(Action(type=ActionType.REVEAL_FIRST if guesses_first else ActionType.GUESS)),
        ]
        if not has_outfit:
            return InlineKeyboardMarkup([next_photo])
        sharing = [ActionType.SHARE] if is_kept else [ActionType.SHARE, ActionType.KEEP_PRIVATE]
        if look.shared_at is not None:
            sharing = [ActionType.UNSHARE]
        last_row = self._links("talk.button.page", look_url(settings, look)) if look.is_public else []
        if self.finds_similar:
            last_row.insert(0, self._button(Action(type=ActionType.SHOW_SIMILAR, look_id=look_id)))
        return InlineKeyboardMarkup(
            [
                [self._button(Action(type=action_type, look_id=look_id)) for action_type in sharing],
                next_photo,
                [
                    self._button(Action(type=ActionType.SHOW_DETAILS, look_id=look_id)),
                    self._button(Action(type=ActionType.CORRECT, look_id=look_id)),
                ],
                *([last_row] if last_row else []),
            ]
        )

    def offers(self, look: Look) -> InlineKeyboardMarkup:
        """What can be asked or done about a look, or the styles while it waits for a guess; for the private chat."""
        if look.pending_question is PendingQuestion.GUESS:
            return self.guess(look.id)
        actions = list_offers(look, finds_similar=self.finds_similar)
        return self._two_columns([Action(type=action_type, look_id=look.id) for action_type in actions])

    def page(self, page_url: str | None) -> InlineKeyboardMarkup | None:
        """A link to the page of a look; None without a public URL."""
        buttons = self._links("talk.button.page", page_url)
        return InlineKeyboardMarkup([buttons]) if buttons else None

    def card(self, look_id: UUID) -> InlineKeyboardMarkup | None:
        """The button that offers a result card to a chat of the person's choice, by inline mode.

        None in groups, where others would press it.
        """
        return self._send_to_friend(card_query(look_id)) if self.is_private else None

    def week_card(self) -> InlineKeyboardMarkup:
        """The same button for the weekly card, for the private chat only."""
        return self._send_to_friend(WEEK_QUERY)

    def own_looks(self, login_url: str | None, *, has_looks: bool) -> InlineKeyboardMarkup | None:
        """Under the list of a person's own looks: the weekly card, and a link that logs in to their account.

        Args:
            login_url: None without a public URL.
            has_looks: False leaves out the card.
        """
        buttons = self._links("talk.button.enter", login_url)
        if has_looks:
            buttons.insert(0, self._button(Action(type=ActionType.SHOW_WEEK)))
        return InlineKeyboardMarkup([buttons]) if buttons else None

    def private_chat(self, argument: str) -> InlineKeyboardMarkup:
        """A link to the private chat with the bot; see `deep_links`."""
        label = translate("talk.button.private", self.language)
        return InlineKeyboardMarkup([[InlineKeyboardButton(label, url=private_chat_url(self.bot_username, argument))]])

    def private_look(self, look_id: UUID) -> InlineKeyboardMarkup:
        """A link to one of the owner's looks in the private chat."""
        return self.private_chat(look_argument(look_id))

    def guess_mode(self, *, guesses_first: bool) -> InlineKeyboardMarkup:
        """The button that switches guessing on or off, to the other state."""
        action = Action(type=ActionType.REVEAL_FIRST if guesses_first else ActionType.GUESS)
        return InlineKeyboardMarkup([[self._button(action)]])

    def styles(self, action_type: ActionType, look_id: UUID) -> InlineKeyboardMarkup:
        """The eight styles; `action_type` is `GUESS` or `CORRECT`."""
        return self._two_columns([Action(type=action_type, look_id=look_id, style=style) for style in STYLES])

    def guess(self, look_id: UUID) -> InlineKeyboardMarkup:
        """The eight styles for a guess, and the verdict without a guess."""
        rows = self.styles(ActionType.GUESS, look_id).inline_keyboard
        return InlineKeyboardMarkup([*rows, [self._button(Action(type=ActionType.SHOW_RESULT, look_id=look_id))]])

    def languages(self) -> InlineKeyboardMarkup:
        """The languages, each with its own name."""
        return self._two_columns([Action(type=ActionType.SET_LANGUAGE, language=language) for language in Language])

    def erase(self) -> InlineKeyboardMarkup:
        """The confirmation of erasure."""
        return self._two_columns(
            [Action(type=action_type) for action_type in (ActionType.CONFIRM_ERASE, ActionType.CANCEL)]
        )

    def name(self, look_id: UUID, shown_back: str | None = None) -> InlineKeyboardMarkup:
        """Whether to share a look under the suggested name, or under the typed one that is shown back."""
        if shown_back is None:
            answers = (ActionType.ACCEPT_NAME, ActionType.KEEP_PRIVATE)
            return self._two_columns([Action(type=action_type, look_id=look_id) for action_type in answers])
        confirm = Action(type=ActionType.CONFIRM_NAME, look_id=look_id, name_tag=tag_name(shown_back))
        return self._two_columns([confirm, Action(type=ActionType.CANCEL_NAME, look_id=look_id)])

    def learning(self, consent: bool | None = None) -> InlineKeyboardMarkup:
        """Whether Eva may learn from what the person corrects; after an answer only the other one."""
        answers = {ActionType.ALLOW_LEARNING: True, ActionType.DECLINE_LEARNING: False}
        actions = [Action(type=action_type) for action_type, answer in answers.items() if answer is not consent]
        return self._two_columns(actions)

    def daily_news(self, *, is_on: bool) -> InlineKeyboardMarkup:
        """The button that switches the daily message to the other state."""
        action = Action(type=ActionType.STOP_DAILY_NEWS if is_on else ActionType.START_DAILY_NEWS)
        return InlineKeyboardMarkup([[self._button(action)]])

    def prompt(self, reply: Reply) -> InlineKeyboardMarkup | None:
        """The buttons that a reply prompts for; None for a reply without a prompt."""
        match reply.prompt:
            case ActionType.GUESS | ActionType.CORRECT if reply.look is not None:
                return self.styles(reply.prompt, reply.look.id)
            case ActionType.ACCEPT_NAME | ActionType.CONFIRM_NAME if reply.look is not None:
                return self.name(reply.look.id, reply.name if reply.prompt is ActionType.CONFIRM_NAME else None)
            case ActionType.ALLOW_LEARNING:
                return self.learning() if self.is_private else self.private_chat("privacy")
            case ActionType.SET_LANGUAGE:
                return self.languages()
            case ActionType.ASK_ERASE:
                return self.erase()
            case _:
                return None

    def _send_to_friend(self, query: str) -> InlineKeyboardMarkup:
        chosen = SwitchInlineQueryChosenChat(
            query=query, allow_user_chats=True, allow_group_chats=True, allow_channel_chats=True
        )
        label = translate("telegram.button.card", self.language)
        return InlineKeyboardMarkup([[InlineKeyboardButton(label, switch_inline_query_chosen_chat=chosen)]])

    def _two_columns(self, actions: Sequence[Action]) -> InlineKeyboardMarkup:
        buttons = [self._button(action) for action in actions]
        return InlineKeyboardMarkup([buttons[start : start + 2] for start in range(0, len(buttons), 2)])

    def _button(self, action: Action) -> InlineKeyboardButton:
        asked_at = int(time.time()) if action.type in EXPIRING_ACTIONS else None
        data = CallbackData(action=action, owner_id=self.owner_id, asked_at=asked_at)
        label = button_label(action.style or action.language or action.type, self.language)
        return InlineKeyboardButton(label, callback_data=encode_callback_data(data))

    def _links(self, text_key: str, url: str | None) -> list[InlineKeyboardButton]:
        """A link, or none to a local host, since Telegram rejects a message with one."""
        if url is None or "." not in (urlsplit(url).hostname or ""):
            return []
        return [InlineKeyboardButton(translate(text_key, self.language), url=url)]


def encode_callback_data(data: CallbackData) -> str:
    """Encode the content of a button."""
    action = data.action
    look = urlsafe_b64encode(action.look_id.bytes).rstrip(b"=").decode("ascii") if action.look_id else ""
    argument = str(action.style.position) if action.style else str(action.language or action.name_tag or "")
    encoded = ".".join((ACTION_CODES[action.type], look, argument)).rstrip(".")
    owner = ".".join(str(number) for number in (data.owner_id, data.asked_at) if number is not None)
    return f"{encoded}~{owner}" if owner else encoded


def decode_callback_data(text: str) -> CallbackData | None:
    """Decode the content of a button; None for text of another form."""
    encoded, _, origin = text.partition("~")
    code, *rest = encoded.split(".")
    numbers = origin.split(".") if origin else []
    if code not in ACTIONS_BY_CODE or len(rest) > 2 or len(numbers) > 2 or not all(map(str.isdecimal, numbers)):
        return None
    look_id, argument = (*rest, "", "")[:2]
    owner_id, asked_at = (*map(int, numbers), None, None)[:2]
    action_type, name_tag = ACTIONS_BY_CODE[code], None
    if action_type is ActionType.CONFIRM_NAME:
        argument, name_tag = "", argument or None
    try:
        action = Action(
            type=action_type,
            look_id=UUID(bytes=urlsafe_b64decode(f"{look_id}==")) if look_id else None,
            style=STYLES[int(argument)] if argument.isdecimal() else None,
            language=Language(argument) if argument and not argument.isdecimal() else None,
            name_tag=name_tag,
        )
    except (ValueError, IndexError, binascii.Error):
        return None
    return CallbackData(action=action, owner_id=owner_id, asked_at=asked_at)
