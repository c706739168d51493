from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np
import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError
from uuid_utils.compat import uuid7

from core.clothing import Color, Item
from core.db import look_feedback, look_images, looks, moderation, people, schema, submissions
from core.db.database import Database
from core.db.schema import PendingQuestion
from core.db.worn_counts import count_styles, count_worn
from core.errors import PersonNotFoundError
from core.styles import STYLES, Style
from core.vision.verdict import ConfidenceBand
from tests.factories import classify_scripted, classify_with_attributes, create_look, create_person

COMPARED = (
    *("photo_key", "heatmap_key", "guessed_style", "corrected_style", "item_corrections", "told_colors"),
    *("pending_question", "images_stored_at", "shared_at", "removed_at", "suspended_at", "is_public", "things"),
)
"""Fields of a look that change; its verdict is compared by identity."""


async def test_a_verdict_is_stored_without_loss(database: Database) -> None:
    verdict = classify_scripted(Style.MODE, confidence=0.61, second=Style.RETRO, second_confidence=0.2, peak=(0.2, 0.3))
    async with database.transaction() as connection:
        person = await create_person(connection)
        stored = (await create_look(connection, person.id, verdict=verdict)).verdict
    assert stored.cam == pytest.approx(verdict.cam, abs=1 / 255)
    assert stored.cam.shape == verdict.cam.shape
    for name in ("style", "probabilities", "outfit_probability", "band", "region", "model", "engine", "ranking"):
        assert getattr(stored, name) == getattr(verdict, name), name


async def test_each_look_of_a_person_has_a_turn_of_its_own(database: Database) -> None:
    async with database.transaction() as connection:
        person, other = await create_person(connection), await create_person(connection)
        created = [await create_look(connection, owner.id) for owner in (person, person, other, person)]
    turns = [(look.variant_seed.name, look.variant_seed.turn) for look in created]
    assert turns == [(str(person.id), 1), (str(person.id), 2), (str(other.id), 1), (str(person.id), 3)]


async def test_what_is_worn_is_stored(database: Database) -> None:
    verdict = classify_with_attributes(Style.STREET, {Item.HOODIE: 0.9, Color.BLACK: 0.8})
    async with database.transaction() as connection:
        person = await create_person(connection)
        in_transaction = (await create_look(connection, person.id, verdict=verdict)).verdict.attributes
    async with database.connection() as connection:
        (look,) = await looks.list_for_person(connection, person.id, limit=2)
        alone = await looks.get(connection, look.id)
    assert verdict.attributes is not None
    assert in_transaction is not None
    assert alone is not None
    assert alone.verdict.attributes is not None
    assert in_transaction.to_dict() == alone.verdict.attributes.to_dict() == verdict.attributes.to_dict()


async def test_what_is_worn_is_counted_over_the_looks_since_a_time(database: Database) -> None:
    dressed = classify_with_attributes(Style.STREET, {Item.BOOTS: 0.9, Color.BLACK: 0.8})
    unsure = classify_with_attributes(Style.STREET, {Item.BOOTS: 0.9, Color.RED: 0.6, Color.BLACK: 0.8})
    async with database.transaction() as connection:
        person = await create_person(connection)
        for verdict in (dressed, dressed, unsure, classify_scripted(Style.MODE), classify_scripted(outfit=0.02)):
            await create_look(connection, person.id, verdict=verdict)
        await create_look(connection, (await create_person(connection)).id, verdict=dressed)
        now = datetime.now(UTC)
        counts = await count_worn(connection, person.id, since=now - timedelta(days=1))
        nothing = await count_worn(connection, person.id, since=now + timedelta(days=1))

    assert (counts.total, counts.styles) == (4, {Style.STREET: 3, Style.MODE: 1})
    assert (counts.items, counts.main_colors) == ({Item.BOOTS: 3}, {Color.BLACK: 2})
    assert nothing.total == 0


async def test_one_message_has_one_look_with_the_first_verdict(database: Database) -> None:
    async with database.transaction() as connection:
        person, other = await create_person(connection), await create_person(connection)
        first = await create_look(connection, person.id, source_message_id="7", verdict=classify_scripted(Style.MODE))
        again = await create_look(connection, person.id, source_message_id="7", verdict=classify_scripted(Style.RETRO))
        other_look = await create_look(connection, other.id, source_message_id="7")
    assert (again.id, again.verdict.style) == (first.id, Style.MODE)
    assert other_look.id != first.id


async def test_a_look_needs_an_existing_owner(database: Database) -> None:
    with pytest.raises(PersonNotFoundError):
        async with database.transaction() as connection:
            await create_look(connection, uuid7())


async def test_only_complete_outfits_can_be_shared_and_keep_their_first_time(database: Database) -> None:
    async with database.transaction() as connection:
        person = await create_person(connection)
        look = await create_look(connection, person.id)
        assert await looks.share(connection, look.id)
        shared = await looks.get(connection, look.id)
    async with database.transaction() as connection:
        assert await looks.share(connection, look.id)
        again = await looks.get(connection, look.id)
        assert shared is not None
        assert again is not None
        assert again.shared_at == shared.shared_at is not None
        assert await looks.unshare(connection, look.id)
        assert await looks.share(connection, look.id)

        no_outfit = await create_look(connection, person.id, verdict=classify_scripted(outfit=0.02))
        assert no_outfit.verdict.band is ConfidenceBand.NOT_AN_OUTFIT
        unstored = await create_look(connection, person.id, stored=False)
        cleared = await create_look(connection, person.id)
        await look_images.clear_image_keys(connection, [cleared.id])
        removed = await create_look(connection, person.id)
        assert await looks.remove_from_board(connection, removed.id)
        for look_id in (no_outfit.id, unstored.id, cleared.id, removed.id, uuid7()):
            assert not await looks.share(connection, look_id)


async def test_a_banned_person_cannot_share(database: Database) -> None:
    async with database.transaction() as connection:
        look = await create_look(connection, (await create_person(connection)).id)
        await moderation.mark_banned(connection, look.person_id)
        assert not await looks.share(connection, look.id)
        await moderation.mark_unbanned(connection, look.person_id)
        assert await looks.share(connection, look.id)


async def test_a_shared_look_cannot_lose_its_images(database: Database) -> None:
    with pytest.raises(IntegrityError, match="shared_has_images"):
        async with database.transaction() as connection:
            look = await create_look(connection, (await create_person(connection)).id)
            await looks.share(connection, look.id)
            await look_images.clear_image_keys(connection, [look.id])


async def test_the_first_guess_and_the_last_correction_are_stored(database: Database) -> None:
    async with database.transaction() as connection:
        person = await create_person(connection)
        revealed = await create_look(connection, person.id)
        assert not await look_feedback.record_guess(connection, revealed.id, Style.MODE), "no guess is pending"
        await people.update_guesses_first(connection, person.id, is_enabled=True)
        look = await create_look(connection, person.id)
        assert await look_feedback.record_guess(connection, look.id, Style.MODE)
        assert not await look_feedback.record_guess(connection, look.id, Style.RETRO)
        assert await look_feedback.record_correction(connection, look.id, Style.MODE)
        assert await look_feedback.record_correction(connection, look.id, Style.ETHNIC)
        stored = await looks.get(connection, look.id)
        assert stored is not None
        assert (stored.guessed_style, stored.corrected_style) == (Style.MODE, Style.ETHNIC)
        assert await look_feedback.list_corrected(connection, limit=9) == [], "without consent"
        await people.record_learning_consent(connection, person.id, is_given=True)
        assert [corrected.id for corrected in await look_feedback.list_corrected(connection, limit=9)] == [look.id]
        assert await look_feedback.list_corrected(connection, limit=9, after=look.id) == []


@pytest.mark.parametrize("asked", list(PendingQuestion))
async def test_a_look_that_was_shown_waits_for_no_guess(database: Database, asked: PendingQuestion) -> None:
    async with database.transaction() as connection:
        person = await create_person(connection)
        look = await create_look(connection, person.id)
        await look_feedback.update_pending_question(connection, look.id, asked)
        await look_feedback.mark_shown(connection, look.id)
        shown = await looks.get(connection, look.id)
    assert shown is not None
    assert shown.pending_question is (None if asked is PendingQuestion.GUESS else asked)


async def test_the_current_look_is_never_that_of_another_person(database: Database) -> None:
    """Whatever id the screen names, else the one shown last."""
    async with database.connection() as connection:
        mina, jun = [(await create_person(connection)).id for _ in range(2)]
        first, second, others = [await create_look(connection, owner) for owner in (mina, mina, jun)]
        await look_feedback.mark_shown(connection, first.id)
        for on_screen, expected in ((None, first), (second.id, second), (others.id, first), (uuid7(), first)):
            current = await looks.get_current(connection, mina, on_screen)
            assert current is not None
            assert current.id == expected.id
        assert await looks.get_current(connection, (await create_person(connection)).id, others.id) is None


async def test_own_looks_are_listed_page_by_page_and_counted(database: Database) -> None:
    async with database.transaction() as connection:
        person = await create_person(connection)
        await create_look(connection, (await create_person(connection)).id)
        styles = [Style.MODE, Style.RETRO, Style.MODE, Style.STREET]
        own_looks = [await create_look(connection, person.id, verdict=classify_scripted(style)) for style in styles]
        await create_look(connection, person.id, verdict=classify_scripted(Style.ETHNIC, outfit=0.02))
        first = await looks.list_for_person(connection, person.id, limit=2)
        rest = await looks.list_for_person(connection, person.id, limit=9, after=(first[-1].created_at, first[-1].id))
        assert [look.id for look in first + rest][1:] == [look.id for look in reversed(own_looks)]
        assert await count_styles(connection, person.id) == {Style.MODE: 2, Style.RETRO: 1, Style.STREET: 1}
        assert await looks.count(connection, person.id) == 5
        await look_feedback.record_correction(connection, own_looks[3].id, Style.RETRO)
        assert await count_styles(connection, person.id) == {Style.MODE: 2, Style.RETRO: 2}
        worn = await count_worn(connection, person.id, since=own_looks[0].created_at)
        assert worn.styles == {Style.MODE: 2, Style.RETRO: 2}, "as their owner says"


async def test_hearts_are_counted_down_when_their_givers_are_deleted(database: Database) -> None:
    async def hearts() -> int:
        async with database.transaction() as connection:
            stored = await looks.get(connection, look.id)
            assert stored is not None
            return stored.hearts

    async with database.transaction() as connection:
        owner, first_fan, other = [await create_person(connection) for _ in range(3)]
        look = await create_look(connection, owner.id)
        for person in (first_fan, other):
            await connection.execute(insert(schema.hearts).values(look_id=look.id, person_id=person.id))
    assert await hearts() == 2
    async with database.transaction() as connection:
        await people.delete_person(connection, first_fan.id)
    assert await hearts() == 1
    async with database.transaction() as connection:
        await looks.delete(connection, look.id)
        remaining = (await connection.execute(text("SELECT count(*) FROM hearts"))).scalar_one()
        assert remaining == 0


PERSON = "'00000000-0000-7000-8000-000000000000'::uuid"
LISTINGS = {
    "ix_looks_board_hearts": f"AND (hearts, id) < (5, {PERSON}) ORDER BY hearts DESC, id DESC",
    "ix_looks_day_hearts": "AND shared_day = current_date ORDER BY hearts DESC, id DESC",
    "ix_looks_week_hearts": "AND shared_week = current_date ORDER BY hearts DESC, id DESC",
    "ix_looks_style_hearts": "AND style = 'mode' ORDER BY hearts DESC, id DESC",
    "ix_looks_style_day_hearts": "AND style = 'mode' AND shared_day = current_date ORDER BY hearts DESC, id DESC",
    "ix_looks_style_week_hearts": "AND style = 'mode' AND shared_week = current_date ORDER BY hearts DESC, id DESC",
    "ix_looks_person_shared": f"AND person_id = {PERSON} ORDER BY shared_at DESC, id DESC",
}


@pytest.mark.parametrize("index", LISTINGS)
async def test_every_listing_reads_one_index_in_order(database: Database, index: str) -> None:
    async with database.transaction() as connection:
        for method in ("seqscan", "bitmapscan", "sort"):
            await connection.execute(text(f"SET LOCAL enable_{method} = off"))
        # In an empty table all indexes cost the same, so the others are dropped.
        for other in LISTINGS.keys() - {index}:
            await connection.execute(text(f"DROP INDEX {other}"))
        query = f"SELECT id FROM looks WHERE is_public {LISTINGS[index]} LIMIT 24"
        plan = "\n".join((await connection.execute(text(f"EXPLAIN {query}"))).scalars())
    assert index in plan
    assert "Sort" not in plan
    assert "Filter" not in plan


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("probabilities", [0.5] * 7),
        ("probabilities", [1.5] + [0.0] * 7),
        ("style", "punk"),
        ("outfit_probability", 1.1),
        ("perceptual_hash", b"short"),
        ("cam", b"x" * 17),
        ("language", "Korean"),
        ("heatmap_key", None),
    ],
)
async def test_constraints_reject_impossible_values(database: Database, column: str, value: object) -> None:
    with pytest.raises(IntegrityError):
        async with database.transaction() as connection:
            look = await create_look(connection, (await create_person(connection)).id)
            await connection.execute(schema.looks.update().where(schema.looks.c.id == look.id).values({column: value}))


async def test_an_empty_activation_map_stays_empty(database: Database) -> None:
    verdict = classify_scripted()
    empty = np.zeros_like(verdict.cam)
    async with database.transaction() as connection:
        person = await create_person(connection)
        look = await create_look(connection, person.id)
        await connection.execute(
            schema.looks.update().where(schema.looks.c.id == look.id).values(cam=empty.astype(np.uint8).tobytes())
        )
        stored = await looks.get(connection, look.id)
    assert stored is not None
    assert not stored.verdict.cam.any()
    assert list(stored.verdict.probabilities) == list(STYLES)


async def test_what_is_written_for_one_look_changes_no_other(database: Database) -> None:
    verdict = classify_with_attributes(Style.STREET, {Item.HOODIE: 0.9, Color.BLACK: 0.8})
    async with database.transaction() as connection:
        person = await create_person(connection)
        await people.update_guesses_first(connection, person.id, is_enabled=True)
        private, waiting, shared, look = [
            await create_look(connection, person.id, verdict=verdict, stored=number != 1) for number in range(4)
        ]
        assert await looks.share(connection, shared.id)
        others = (private, waiting, shared)
        before = [await looks.get(connection, other.id) for other in others]
        for write in (
            partial(submissions.mark_images_stored, connection, look.id),
            partial(look_feedback.record_guess, connection, look.id, Style.MODE),
            partial(look_feedback.update_pending_question, connection, look.id, PendingQuestion.GUESS),
            partial(look_feedback.mark_revealed, connection, look.id),
            partial(look_feedback.mark_shown, connection, look.id),
            partial(look_feedback.record_correction, connection, look.id, Style.MODE),
            partial(look_feedback.record_item_corrections, connection, look, {Item.HOODIE: None}, {}),
            partial(looks.share, connection, look.id),
            partial(looks.unshare, connection, look.id),
            partial(look_images.clear_image_keys, connection, [look.id]),
            partial(looks.remove_from_board, connection, look.id),
            partial(looks.delete, connection, look.id),
        ):
            await write()
            for other, row in zip(others, before, strict=True):
                now = await looks.get(connection, other.id)
                assert now is not None
                assert row is not None
                assert {name: getattr(now, name) for name in COMPARED} == {
                    name: getattr(row, name) for name in COMPARED
                }, write
        assert await looks.get(connection, look.id) is None
