"""Every error that Eva raises on purpose, in one tree.

  EvaError
    - PhotoError                the bytes that came in are no picture she can judge
        - EmptyPhoto
        - NotAnImage
        - TruncatedPhoto
        - CorruptPhoto
        - DecompressionBomb
        - PhotoTooLarge
        - PhotoTooSmall
        - PhotoTooThin
    - ModelError                the model that ships with Eva cannot be used
        - ModelMissing
        - ModelMismatch
        - EngineUnavailable
        - NoScriptedVerdict
    - MemoryFault               what Eva remembers cannot be reached
        - DatabaseUnavailable
        - EmbeddedUnavailable
        - PictureMissing
        - StorageUnavailable
        - UnknownDatabase
    - DailyLimit
    - LinkRefused
    - LoginError                somebody could not be shown to be who they are
        - LoginRefused
        - LoginUnavailable
    - LookGone
    - PersonGone
    - SecretMissing
    - TrainingError             a training command cannot go on
        - DatasetError
        - UnknownBackbone
        - WeightsUnavailable
        - CheckpointMismatch
        - ExportRefused
    - MessengerError            what a messenger sent, or was to be sent, is not as it must be
        - TokenRefused
        - MalformedCall
        - MalformedReply
        - AddressRefused
        - PictureGone
        - PictureUnreachable
        - NotDelivered
        - MessageRefused
        - ChatGone

An error's first docstring line is its message; `detail` adds what was seen. People never read these: Eva's own
sentence for an error is chosen in `bot/voice.py`, its HTTP status in `leaderboard_web/errors.py`.
"""

from __future__ import annotations

__all__ = [
    "AddressRefused",
    "ChatGone",
    "CheckpointMismatch",
    "CorruptPhoto",
    "DailyLimit",
    "DatabaseUnavailable",
    "DatasetError",
    "DecompressionBomb",
    "EmbeddedUnavailable",
    "EmptyPhoto",
    "EngineUnavailable",
    "EvaError",
    "ExportRefused",
    "LinkRefused",
    "LoginError",
    "LoginRefused",
    "LoginUnavailable",
    "LookGone",
    "MalformedCall",
    "MalformedReply",
    "MemoryFault",
    "MessageRefused",
    "MessengerError",
    "ModelError",
    "ModelMismatch",
    "ModelMissing",
    "NoScriptedVerdict",
    "NotAnImage",
    "NotDelivered",
    "PersonGone",
    "PhotoError",
    "PhotoTooLarge",
    "PhotoTooSmall",
    "PhotoTooThin",
    "PictureGone",
    "PictureMissing",
    "PictureUnreachable",
    "SecretMissing",
    "StorageUnavailable",
    "TokenRefused",
    "TrainingError",
    "TruncatedPhoto",
    "UnknownBackbone",
    "UnknownDatabase",
    "WeightsUnavailable",
]


class EvaError(Exception):
    """Eva could not do what she was asked to do."""

    def __init__(self, detail: str = "") -> None:
        message = (type(self).__doc__ or "").partition("\n")[0]
        super().__init__(f"{message.rstrip('.')}: {detail}" if detail else message)
        self.detail = detail


class PhotoError(EvaError):
    """The photo cannot be judged."""


class EmptyPhoto(PhotoError):
    """The file is empty."""


class NotAnImage(PhotoError):
    """The file is not a picture in a format that Eva reads."""


class TruncatedPhoto(PhotoError):
    """The picture ends before it is complete."""


class CorruptPhoto(PhotoError):
    """The picture is damaged and cannot be decoded."""


class DecompressionBomb(PhotoError):
    """The picture would unpack to far more pixels than its file can honestly hold."""


class PhotoTooLarge(PhotoError):
    """The picture is larger than 20 MB or 50 megapixels."""


class PhotoTooSmall(PhotoError):
    """The picture is smaller than 64 pixels on one side."""


class PhotoTooThin(PhotoError):
    """The picture is more than five times as long as it is wide."""


class ModelError(EvaError):
    """The style model cannot be used."""


class ModelMissing(ModelError):
    """The model file or its card is not where it should be."""


class ModelMismatch(ModelError):
    """The model file and its card do not belong together."""


class EngineUnavailable(ModelError):
    """The chosen engine is not installed here."""


class NoScriptedVerdict(ModelError):
    """The scripted engine was asked for a verdict that nobody gave it."""


class MemoryFault(EvaError):
    """What Eva remembers cannot be reached."""


class DatabaseUnavailable(MemoryFault):
    """The database does not answer, or does not let Eva in."""


class EmbeddedUnavailable(MemoryFault):
    """The embedded Postgres cannot run here; set DATABASE_URL to another one."""


class PictureMissing(MemoryFault):
    """There is no picture under this key."""


class StorageUnavailable(MemoryFault):
    """The place where pictures lie does not answer."""


class UnknownDatabase(MemoryFault):
    """DATABASE_URL does not name a Postgres."""


class DailyLimit(EvaError):
    """The person has shown as many photos today as one may."""


class LinkRefused(EvaError):
    """The link was not signed by Eva, or its time is over."""


class LoginError(EvaError):
    """The login did not come to its end."""


class LoginRefused(LoginError):
    """What was to prove who somebody is does not, or not any more."""


class LoginUnavailable(LoginError):
    """The provider of a login does not answer as it should; a later try may succeed."""


class LookGone(EvaError):
    """The look was deleted, or its pictures were."""


class PersonGone(EvaError):
    """The person was forgotten."""


class SecretMissing(EvaError):
    """Production needs EVA_SECRET_KEY."""


class TrainingError(EvaError):
    """The training command cannot go on."""


class DatasetError(TrainingError):
    """The photos or labels are not as the training data's README describes them."""


class UnknownBackbone(TrainingError):
    """The recipe does not know this backbone."""


class WeightsUnavailable(TrainingError):
    """The ImageNet weights could not be downloaded; name a file with --weights."""


class CheckpointMismatch(TrainingError):
    """The folder holds another run's checkpoint; choose another --out or the same settings."""


class ExportRefused(TrainingError):
    """The exported model disagrees with the trained one, so it was not written."""


class MessengerError(EvaError):
    """The messenger and Eva did not understand each other."""


class TokenRefused(MessengerError):
    """Telegram does not know EVA_TELEGRAM_TOKEN; ask @BotFather."""


class MalformedCall(MessengerError):
    """The call is not one that the messenger would make."""


class MalformedReply(MessengerError):
    """The reply breaks a rule of the messenger, so it would not be shown."""


class AddressRefused(MessengerError):
    """The address of a picture is none that Eva may open."""


class PictureGone(MessengerError):
    """The picture is no longer at its address."""


class PictureUnreachable(MessengerError):
    """The picture could not be fetched in time; a later try may succeed."""


class NotDelivered(MessengerError):
    """The messenger did not take the message; a later try may succeed."""


class MessageRefused(MessengerError):
    """The messenger will never take the message as it is."""


class ChatGone(MessengerError):
    """Nobody reads in this chat any more: Eva was blocked, or the chat was deleted."""
