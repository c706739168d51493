"""`/me/settings`: language, display name, who says the style first, learning, the daily message, logins and data."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, HTTPException, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from core.conversation.display_names import MAX_NAME_LENGTH, display_name, normalize_display_name
from core.db import people
from core.db.identities import list_identities
from core.db.news import update_daily_news
from core.db.people import Person
from core.i18n.translations import Language, translate
from core.services.accounts import find_linked_logins
from core.services.moderation import is_admin
from leaderboard_web.account.current_person import SECTION, AccountRoute, CurrentPerson
from leaderboard_web.dependencies import Context, Db, RequestContext, Transaction
from leaderboard_web.redirects import NoticeQuery, notice_sentences, redirect_with_notice
from leaderboard_web.templating import render_page
from leaderboard_web.urls import url_for
from leaderboard_web.viewer import set_language_cookie

SETTINGS_NOTICES = {
    "language": "talk.language.set",
    "name": "me.name.set",
    "first": "talk.guess.on",
    "tell": "talk.guess.off",
    "learn": "me.learning.thanks",
    "nolearn": "talk.learning.no",
    "daily": "talk.news.on",
    "nodaily": "talk.news.off",
}

router = APIRouter(route_class=AccountRoute)


@router.get("/me/settings", name="account_settings")
async def settings_page(context: Context, person: CurrentPerson, connection: Db, notice: NoticeQuery = "") -> Response:
    """All settings."""
    messages = notice_sentences(notice, SETTINGS_NOTICES, context.language, name=person.name)
    return await _render_settings(context, connection, person, messages=messages)


@router.post("/me/settings", name="change_settings")
async def change_settings(
    context: Context,
    person: CurrentPerson,
    connection: Transaction,
    new_language: Annotated[Language | None, Form(alias="language")] = None,
    first: Annotated[Literal["me", "eva"] | None, Form()] = None,
    learning: Annotated[Literal["yes", "no"] | None, Form()] = None,
    news: Annotated[Literal["yes", "no"] | None, Form()] = None,
) -> Response:
    """Change the setting of the submitted form: the fields `language`, `first`, `learning`, `news` or `name`.

    Raises:
        HTTPException: 400, if the form has none of these fields.
    """
    if new_language is not None:
        await people.update_language(connection, person.id, new_language)
        response = _redirect("language")
        set_language_cookie(response, new_language)
        return response
    if first is not None:
        await people.update_guesses_first(connection, person.id, is_enabled=first == "me")
        return _redirect("first" if first == "me" else "tell")
    if learning is not None:
        await people.record_learning_consent(connection, person.id, is_given=learning == "yes")
        return _redirect("learn" if learning == "yes" else "nolearn")
    if news is not None:
        await update_daily_news(connection, person.id, is_wanted=news == "yes")
        return _redirect("daily" if news == "yes" else "nodaily")
    # Not a parameter: FastAPI does not tell an empty field from a missing one.
    submitted_name = (await context.request.form()).get("name")
    if not isinstance(submitted_name, str):
        raise HTTPException(400)
    name = normalize_display_name(submitted_name)
    if name is None:
        status, message = 422, translate("talk.name.refused", context.language)
    elif not await people.update_display_name(connection, person.id, name):
        status, message = 409, translate("me.name.taken", context.language, name=name)
    else:
        return _redirect("name")
    return await _render_settings(
        context, connection, person, status=status, submitted_name=submitted_name, error=message
    )


async def _render_settings(
    context: RequestContext,
    connection: AsyncConnection,
    person: Person,
    *,
    status: int = 200,
    messages: tuple[str, ...] = (),
    submitted_name: str | None = None,
    error: str | None = None,
) -> Response:
    """The page.

    Args:
        context: of the request.
        connection: to execute on.
        person: whose settings it shows.
        status: HTTP status.
        messages: sentences of Eva above the settings.
        submitted_name: value of the name field; None for the present name.
        error: why the submitted name was refused.
    """
    logins = find_linked_logins(await list_identities(connection, person.id))
    return render_page(
        context,
        "account/settings.html",
        status=status,
        section=SECTION,
        tab="settings",
        person=person,
        has_telegram="telegram" in logins,
        language_choices=tuple(Language),
        display_name=display_name(person.id, person.name, context.language),
        max_name_length=MAX_NAME_LENGTH,
        messages=messages,
        is_moderator=await is_admin(connection, context.state.settings.admins, person.id),
        submitted_name=person.name or "" if submitted_name is None else submitted_name,
        error=error,
    )


def _redirect(notice: str) -> Response:
    return redirect_with_notice(url_for("account_settings"), notice)
