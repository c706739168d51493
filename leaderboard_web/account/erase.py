"""`/me/forget`: erasure of everything that is stored about a person."""

from fastapi import APIRouter, Request, Response

from core.services.retention import erase_person
from leaderboard_web.account.current_person import SECTION, AccountRoute, CurrentPerson, OptionalPerson
from leaderboard_web.dependencies import Lang, State
from leaderboard_web.redirects import redirect_with_notice
from leaderboard_web.templating import render_page
from leaderboard_web.viewer import leave_browser

router = APIRouter(route_class=AccountRoute)


@router.get("/me/forget", name="confirm_erase_account")
async def confirm_erase_account(request: Request, person: CurrentPerson, language: Lang) -> Response:
    """Ask for confirmation."""
    return render_page(request, "account/erase.html", language, section=SECTION, look=None)


@router.post("/me/forget", name="erase_account")
async def erase_account(person: OptionalPerson, state: State) -> Response:
    """Erase the person, with the data of all their messengers, and remove the session from the browser.

    Raises:
        StorageUnavailableError: the images cannot be deleted; nothing was erased.
    """
    if person is not None:
        await erase_person(state.resources, person.id)
    response = redirect_with_notice(state.url_for("account_erased"))
    leave_browser(response)
    return response


@router.get("/me/goodbye", name="account_erased")
async def account_erased(request: Request, language: Lang) -> Response:
    """Confirm that everything was erased."""
    return render_page(request, "account/erased.html", language, section=SECTION)
