"""`/looks/{id}/similar`: public looks of others that look like a public look, or like one of the viewer's own."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from core.conversation.display_names import display_name
from core.db import leaderboard, looks, similar_looks
from core.db.schema import PendingQuestion
from core.vision.verdict import ConfidenceBand
from leaderboard_web.dependencies import CanonicalUUID, Db, Lang, State, Viewer
from leaderboard_web.errors import GoneError
from leaderboard_web.templating import render_page
from leaderboard_web.urls import PageRoute
from leaderboard_web.view_models import build_card

PAGE_SIZE = 12

router = APIRouter(route_class=PageRoute)


@router.get("/looks/{look_id}/similar", name="similar_looks")
async def similar_page(
    request: Request, look_id: CanonicalUUID, db: Db, viewer: Viewer, language: Lang, state: State
) -> Response:
    """The most similar looks.

    Raises:
        GoneError: the look is neither on the leaderboard nor the viewer's own, or looks cannot be compared.
    """
    if not state.resources.finds_similar_looks:
        raise GoneError("page.look_gone")
    viewer_key = viewer.key or ""
    public = await leaderboard.get_look_for_viewer(db, look_id, viewer_key)
    owner_name = None
    if public is not None:
        owner_name = display_name(public[0].look.person_id, public[0].owner_name, language)
    else:
        person, look = await viewer.get_person(db), await looks.get(db, look_id)
        if person is None or look is None or look.person_id != person.id:
            raise GoneError("page.look_gone")
        if look.verdict.band is ConfidenceBand.NOT_AN_OUTFIT:
            raise GoneError("page.look_gone")
        if look.pending_question is PendingQuestion.GUESS:
            # What looks like it would give the verdict away.
            return RedirectResponse(state.url_for("chat", query={"look": look_id}), 302)
    entries = await similar_looks.find_similar(db, look_id, limit=PAGE_SIZE, viewer_key=viewer_key)
    return render_page(
        request,
        "similar.html",
        language,
        section="board",
        back_url=state.url_for("look" if public is not None else "own_look", look_id=look_id),
        owner_name=owner_name,
        cards=[build_card(entry, language=language) for entry in entries],
    )
