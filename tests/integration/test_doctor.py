"""`eva doctor` with a database."""

from core.db import inbox
from core.db.schema import Channel
from core.i18n.translations import Language, translate
from core.resources import Resources
from eva.doctor import CheckStatus, _check_updates
from tests.factories import mark_update_failed

EN = Language.EN


async def test_doctor_counts_failed_updates(resources: Resources) -> None:
    (before,) = await _check_updates(resources.database, EN)
    async with resources.database.transaction() as connection:
        inbox_id = await inbox.insert(connection, Channel.KAKAO, "1", external_sender_id="42", payload={})
        assert inbox_id is not None
        await mark_update_failed(connection, inbox_id)
    (after,) = await _check_updates(resources.database, EN)

    assert before.status is CheckStatus.OK
    assert (after.status, after.detail) == (
        CheckStatus.MISSING,
        translate("cli.doctor.updates.mend", EN, count=1),
    )
