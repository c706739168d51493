"""Samples as looks of people."""

from uuid import UUID

from core.db.looks import Look
from core.db.schema import Channel
from core.i18n.translations import Language
from core.resources import Resources
from core.services.photo_judging import PhotoJudgingService, PhotoSource
from core.vision.backends import ModelOutputs
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend
from core.vision.model_card import ModelCard
from tests.conftest import ROOT


async def judge_sample(
    resources: Resources,
    person_id: UUID,
    sample: str,
    outputs: ModelOutputs,
    *,
    channel: Channel = Channel.WEB,
    card: ModelCard = FAKE_MODEL_CARD,
) -> Look:
    """Judge a sample as the photo of a person, with these outputs of the model.

    Args:
        resources: database and storage.
        person_id: the owner, who sends each sample once.
        sample: name of a file in `samples`, without its ending.
        outputs: what the model sees.
        channel: how it was sent.
        card: of the model.
    """
    with StyleClassifier(FakeBackend([outputs]), card) as classifier:
        judged = await PhotoJudgingService(resources, classifier).judge_photo(
            (ROOT / "samples" / f"{sample}.jpg").read_bytes(),
            PhotoSource(person_id=person_id, channel=channel, message_id=f"sample {sample}", language=Language.EN),
        )
    return judged.look
