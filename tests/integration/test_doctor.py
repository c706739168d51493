"""`eva doctor` with a database."""

from datetime import timedelta

from core.db import inbox
from core.db.schema import Channel
from core.i18n.translations import Language, translate
from core.resources import Resources
from eva.doctor import CheckStatus, _check_contents
from tests.factories import create_look, create_person, end_images, mark_update_failed

EN = Language.EN


async def test_doctor_counts_failed_updates(resources: Resources) -> None:
    before, _ = await _check_contents(resources.database, EN)
    async with resources.database.transaction() as connection:
        inbox_id = await inbox.insert(connection, Channel.KAKAO, "1", external_sender_id="42", payload={})
        assert inbox_id is not None
        await mark_update_failed(connection, inbox_id)
    after, _ = await _check_contents(resources.database, EN)

    assert before.status is CheckStatus.OK
    assert (after.status, after.detail) == (
        CheckStatus.MISSING,
        translate("cli.doctor.updates.mend", EN, count=1),
    )


async def test_doctor_says_when_private_photos_are_late(resources: Resources) -> None:
    async with resources.database.transaction() as connection:
        look = await create_look(connection, (await create_person(connection)).id)
    found = {}
    for hours in (1, 3):
        await end_images(resources, look, timedelta(hours=hours))
        _, check = await _check_contents(resources.database, EN)
        found[hours] = check.status, check.detail
    assert found == {
        1: (CheckStatus.OK, translate("cli.doctor.retention.ok", EN)),
        3: (CheckStatus.MISSING, translate("cli.doctor.retention.mend", EN, hours=3)),
    }
