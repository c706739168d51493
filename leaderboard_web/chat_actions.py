"""What a person can do next in the chat at `/try`."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from core.conversation.actions import ActionType, tag_name
from core.conversation.look_messages import list_offers
from core.conversation.narration import style_name
from core.conversation.sharing import is_sample
from core.conversation.smalltalk import button_label
from core.db.schema import PendingQuestion
from core.i18n.translations import translate
from core.styles import STYLES
from leaderboard_web.chat_view import ChatItem, ChatLine, ChatView

PRIMARY_ACTIONS = {ActionType.SHARE, ActionType.CONFIRM_NAME}
QUESTIONS = {ActionType.SHOW_REASON, ActionType.SHOW_SWAP}
"""What can be asked by a button; similar looks have a page of their own."""
CONFIRMATION_ANSWERS = (ActionType.CONFIRM_NAME, ActionType.CANCEL_NAME)
"""The buttons under a name that is shown back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatButton:
    """A button below the conversation."""

    value: str
    """An action type, or an action type and a style with a dot between them."""
    label: str
    is_primary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailableActions:
    """What the person can do about a look."""

    look_id: UUID
    buttons: tuple[ChatButton, ...]
    asks_name: bool = False
    """Whether a display name is asked for."""
    name_tag: str | None = None
    """Of the name that is shown back to be confirmed; see `core.conversation.actions.tag_name`."""
    asks_to_learn: bool = False
    """Whether the first buttons answer the question for consent to learn."""
    is_public: bool = False
    """Whether the look has a page on the leaderboard."""
    has_similar: bool = False
    """Whether there is a page of looks like it."""
    style_choice: ActionType | None = None
    """`GUESS` or `CORRECT` if the buttons are the eight styles."""


def available_actions(view: ChatView, items: Sequence[ChatItem]) -> AvailableActions:
    """What the person can do about the look in its present state.

    Args:
        view: of the look.
        items: the messages that the buttons follow; a question at their end has its answers first.
    """
    look, language = view.look, view.language
    is_asked_last = bool(items) and isinstance(items[-1], ChatLine) and items[-1].asks_to_learn
    asks_to_learn = is_asked_last and view.awaits_learning_consent and not view.awaits_name
    if view.awaits_guess or look.pending_question is PendingQuestion.CORRECT:
        choice = ActionType.GUESS if view.awaits_guess else ActionType.CORRECT
        buttons = [ChatButton(value=f"{choice}.{style}", label=style_name(style, language)) for style in STYLES]
        if view.awaits_guess:
            buttons.append(_button(ActionType.SHOW_RESULT, view))
        return AvailableActions(look_id=look.id, buttons=tuple(buttons), style_choice=choice)
    return AvailableActions(
        look_id=look.id,
        buttons=tuple(_button(action_type, view) for action_type in _action_types(view, asks_to_learn=asks_to_learn)),
        asks_name=view.awaits_name and view.person.pending_name is None,
        name_tag=tag_name(view.person.pending_name) if view.awaits_name and view.person.pending_name else None,
        asks_to_learn=asks_to_learn,
        is_public=look.is_public,
        has_similar=view.finds_similar_looks and view.has_outfit and not view.awaits_name,
    )


def _action_types(view: ChatView, *, asks_to_learn: bool) -> tuple[ActionType, ...]:
    """The actions in the order of their buttons; an old question for consent to learn is answered by the last ones."""
    if view.awaits_name:
        is_shown_back = view.person.pending_name is not None
        return CONFIRMATION_ANSWERS if is_shown_back else (ActionType.ACCEPT_NAME, ActionType.KEEP_PRIVATE)
    learning = (ActionType.ALLOW_LEARNING, ActionType.DECLINE_LEARNING) if view.awaits_learning_consent else ()
    about_look = _look_actions(view)
    return (*learning, *about_look) if asks_to_learn else (*about_look, *learning)


def _look_actions(view: ChatView) -> tuple[ActionType, ...]:
    look = view.look
    if not view.has_outfit:
        return ()
    asking = tuple(kind for kind in list_offers(look, finds_similar=False) if kind in QUESTIONS)
    if look.shared_at is not None:
        return ActionType.UNSHARE, ActionType.CORRECT, *asking
    if look.photo_key is None or is_sample(look):
        return ActionType.CORRECT, *asking
    return ActionType.SHARE, ActionType.KEEP_PRIVATE, ActionType.CORRECT, *asking


def _button(action_type: ActionType, view: ChatView) -> ChatButton:
    label = button_label(action_type, view.language)
    if action_type is ActionType.ACCEPT_NAME:
        label = translate("try.share_as_proposed", view.language, name=view.shown_name)
    return ChatButton(value=action_type, label=label, is_primary=action_type in PRIMARY_ACTIONS)
