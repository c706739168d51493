from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError

from core.db import look_feedback, look_images, looks, people, schema
from core.db.database import Database
from core.errors import PersonNotFoundError
from core.styles import STYLES, Style
from core.uuid7 import uuid7
from core.vision.verdict import ConfidenceBand
from tests.factories import classify_scripted, create_look, create_person


async def test_a_verdict_comes_back_as_it_was(database: Database) -> None:
    verdict = classify_scripted(Style.MODE, confidence=0.61, second=Style.RETRO, second_confidence=0.2, peak=(0.2, 0.3))
    async with database.transaction() as connection:
        person = await create_person(connection)
        kept = (await create_look(connection, person.id, verdict=verdict)).verdict
    assert kept.cam == pytest.approx(verdict.cam, abs=1 / 255)
    assert kept.cam.shape == verdict.cam.shape
    for name in ("style", "probabilities", "outfit_probability", "band", "region", "model", "engine", "ranking"):
        assert getattr(kept, name) == getattr(verdict, name), name


async def test_one_source_is_one_look_and_the_first_verdict_stays(database: Database) -> None:
    async with database.transaction() as connection:
        person, other = await create_person(connection), await create_person(connection)
        first = await create_look(connection, person.id, source_message_id="7", verdict=classify_scripted(Style.MODE))
        again = await create_look(connection, person.id, source_message_id="7", verdict=classify_scripted(Style.RETRO))
        theirs = await create_look(connection, other.id, source_message_id="7")
    assert (again.id, again.verdict.style) == (first.id, Style.MODE)
    assert theirs.id != first.id


async def test_a_look_of_nobody_is_refused(database: Database) -> None:
    with pytest.raises(PersonNotFoundError):
        async with database.transaction() as connection:
            await create_look(connection, uuid7())


async def test_only_whole_unhidden_outfits_are_shared_and_the_first_time_counts(database: Database) -> None:
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

        nothing = await create_look(connection, person.id, verdict=classify_scripted(outfit=0.02))
        assert nothing.verdict.band is ConfidenceBand.NOT_AN_OUTFIT
        half = await create_look(connection, person.id, stored=False)
        faded = await create_look(connection, person.id)
        await look_images.clear_image_keys(connection, [faded.id])
        hidden = await create_look(connection, person.id)
        assert await looks.remove_from_board(connection, hidden.id)
        for each in (nothing.id, half.id, faded.id, hidden.id, uuid7()):
            assert not await looks.share(connection, each)


async def test_a_shared_look_never_loses_its_photo_by_mistake(database: Database) -> None:
    with pytest.raises(IntegrityError, match="shared_has_images"):
        async with database.transaction() as connection:
            look = await create_look(connection, (await create_person(connection)).id)
            await looks.share(connection, look.id)
            await look_images.clear_image_keys(connection, [look.id])


async def test_the_first_guess_and_the_last_correction_count(database: Database) -> None:
    async with database.transaction() as connection:
        person = await create_person(connection)
        told = await create_look(connection, person.id)
        assert not await look_feedback.record_guess(connection, told.id, Style.MODE), "nobody asked"
        await people.set_guesses_first(connection, person.id, is_enabled=True)
        look = await create_look(connection, person.id)
        assert await look_feedback.record_guess(connection, look.id, Style.MODE)
        assert not await look_feedback.record_guess(connection, look.id, Style.RETRO)
        assert await look_feedback.record_correction(connection, look.id, Style.MODE)
        assert await look_feedback.record_correction(connection, look.id, Style.ETHNIC)
        kept = await looks.get(connection, look.id)
        assert kept is not None
        assert (kept.guessed_style, kept.corrected_style) == (Style.MODE, Style.ETHNIC)
        assert [each.id for each in await look_feedback.list_corrected(connection, limit=9)] == [look.id]
        assert await look_feedback.list_corrected(connection, limit=9, after=look.id) == []


async def test_history_in_pages_with_counts(database: Database) -> None:
    async with database.transaction() as connection:
        person = await create_person(connection)
        await create_look(connection, (await create_person(connection)).id)
        seen = [Style.MODE, Style.RETRO, Style.MODE, Style.STREET]
        mine = [await create_look(connection, person.id, verdict=classify_scripted(style)) for style in seen]
        await create_look(connection, person.id, verdict=classify_scripted(Style.ETHNIC, outfit=0.02))
        first = await looks.list_for_person(connection, person.id, limit=2)
        rest = await looks.list_for_person(connection, person.id, limit=9, after=(first[-1].created_at, first[-1].id))
        assert [look.id for look in first + rest][1:] == [look.id for look in reversed(mine)]
        assert await looks.count_styles(connection, person.id) == {Style.MODE: 2, Style.RETRO: 1, Style.STREET: 1}
        now = datetime.now(UTC)
        assert await looks.count_since(connection, person.id, now - timedelta(hours=1)) == 5
        assert await looks.count_since(connection, person.id, now + timedelta(hours=1)) == 0


async def test_hearts_are_counted_even_when_their_givers_go(database: Database) -> None:
    async def hearts() -> int:
        async with database.transaction() as connection:
            kept = await looks.get(connection, look.id)
            assert kept is not None
            return kept.hearts

    async with database.transaction() as connection:
        owner, fan, other = [await create_person(connection) for _ in range(3)]
        look = await create_look(connection, owner.id)
        for giver in (fan, other):
            await connection.execute(insert(schema.hearts).values(look_id=look.id, person_id=giver.id))
    assert await hearts() == 2
    async with database.transaction() as connection:
        await people.delete_person(connection, fan.id)
    assert await hearts() == 1
    async with database.transaction() as connection:
        await looks.delete(connection, look.id)
        left = (await connection.execute(text("SELECT count(*) FROM hearts"))).scalar_one()
        assert left == 0


SOMEBODY = "'00000000-0000-7000-8000-000000000000'::uuid"
BOARDS = {
    "ix_looks_board_hearts": f"AND (hearts, id) < (5, {SOMEBODY}) ORDER BY hearts DESC, id DESC",
    "ix_looks_day_hearts": "AND shared_day = current_date ORDER BY hearts DESC, id DESC",
    "ix_looks_week_hearts": "AND shared_week = current_date ORDER BY hearts DESC, id DESC",
    "ix_looks_style_hearts": "AND style = 'mode' ORDER BY hearts DESC, id DESC",
    "ix_looks_style_day_hearts": "AND style = 'mode' AND shared_day = current_date ORDER BY hearts DESC, id DESC",
    "ix_looks_style_week_hearts": "AND style = 'mode' AND shared_week = current_date ORDER BY hearts DESC, id DESC",
    "ix_looks_person_shared": f"AND person_id = {SOMEBODY} ORDER BY shared_at DESC, id DESC",
}


@pytest.mark.parametrize("index", BOARDS)
async def test_every_board_is_one_walk_along_an_index(database: Database, index: str) -> None:
    async with database.transaction() as connection:
        for way in ("seqscan", "bitmapscan", "sort"):
            await connection.execute(text(f"SET LOCAL enable_{way} = off"))
        # In an empty table one index is as good as another: this one has to do it alone.
        for other in BOARDS.keys() - {index}:
            await connection.execute(text(f"DROP INDEX {other}"))
        query = f"SELECT id FROM looks WHERE is_public {BOARDS[index]} LIMIT 24"
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
async def test_the_tables_refuse_what_cannot_be(database: Database, column: str, value: object) -> None:
    with pytest.raises(IntegrityError):
        async with database.transaction() as connection:
            look = await create_look(connection, (await create_person(connection)).id)
            await connection.execute(schema.looks.update().where(schema.looks.c.id == look.id).values({column: value}))


async def test_an_all_cold_map_stays_cold(database: Database) -> None:
    verdict = classify_scripted()
    cold = np.zeros_like(verdict.cam)
    async with database.transaction() as connection:
        person = await create_person(connection)
        look = await create_look(connection, person.id)
        await connection.execute(
            schema.looks.update().where(schema.looks.c.id == look.id).values(cam=cold.astype(np.uint8).tobytes())
        )
        kept = await looks.get(connection, look.id)
    assert kept is not None
    assert not kept.verdict.cam.any()
    assert list(kept.verdict.probabilities) == list(STYLES)
