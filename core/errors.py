"""Every error that Eva raises on purpose, in one tree.

  EvaError
    - PhotoError                the bytes that came in are no picture she can judge
        - EmptyPhotoError
        - NotAnImageError
        - TruncatedPhotoError
        - CorruptPhotoError
        - DecompressionBombError
        - PhotoTooLargeError
        - PhotoTooSmallError
        - PhotoAspectRatioError
    - ModelError                the model that ships with Eva cannot be used
        - ModelNotFoundError
        - ModelMismatchError
        - BackendUnavailableError
        - FakeBackendExhaustedError
    - PersistenceError               what Eva remembers cannot be reached
        - DatabaseUnavailableError
        - EmbeddedPostgresError
        - ObjectNotFoundError
        - StorageUnavailableError
        - UnsupportedDatabaseUrlError
    - DailyLimitError
    - InvalidSignatureError
    - LoginError                somebody could not be shown to be who they are
        - LoginRejectedError
        - LoginProviderUnavailableError
    - LookNotFoundError
    - PersonNotFoundError
    - MissingSecretKeyError
    - TrainingError             a training command cannot go on
        - DatasetError
        - UnknownBackboneError
        - WeightsUnavailableError
        - CheckpointMismatchError
        - ExportMismatchError
    - MessengerError            what a messenger sent, or was to be sent, is not as it must be
        - InvalidBotTokenError
        - InvalidPayloadError
        - InvalidReplyError
        - ForbiddenUrlError
        - RemotePhotoGoneError
        - RemotePhotoUnavailableError
        - DeliveryError
        - MessageRejectedError
        - ChatUnavailableError

An error's first docstring line is its message; `detail` adds what was seen. People never read these: Eva's own
sentence for an error is chosen in `bot/voice.py`, its HTTP status in `leaderboard_web/errors.py`.
"""

__all__ = [
    "BackendUnavailableError",
    "ChatUnavailableError",
    "CheckpointMismatchError",
    "CorruptPhotoError",
    "DailyLimitError",
    "DatabaseUnavailableError",
    "DatasetError",
    "DecompressionBombError",
    "DeliveryError",
    "EmbeddedPostgresError",
    "EmptyPhotoError",
    "EvaError",
    "ExportMismatchError",
    "FakeBackendExhaustedError",
    "ForbiddenUrlError",
    "InvalidBotTokenError",
    "InvalidPayloadError",
    "InvalidReplyError",
    "InvalidSignatureError",
    "LoginError",
    "LoginProviderUnavailableError",
    "LoginRejectedError",
    "LookNotFoundError",
    "MessageRejectedError",
    "MessengerError",
    "MissingSecretKeyError",
    "ModelError",
    "ModelMismatchError",
    "ModelNotFoundError",
    "NotAnImageError",
    "ObjectNotFoundError",
    "PersistenceError",
    "PersonNotFoundError",
    "PhotoAspectRatioError",
    "PhotoError",
    "PhotoTooLargeError",
    "PhotoTooSmallError",
    "RemotePhotoGoneError",
    "RemotePhotoUnavailableError",
    "StorageUnavailableError",
    "TrainingError",
    "TruncatedPhotoError",
    "UnknownBackboneError",
    "UnsupportedDatabaseUrlError",
    "WeightsUnavailableError",
]


class EvaError(Exception):
    """Eva could not do what she was asked to do."""

    def __init__(self, detail: str = "") -> None:
        message = (type(self).__doc__ or "").partition("\n")[0]
        super().__init__(f"{message.rstrip('.')}: {detail}" if detail else message)
        self.detail = detail


class PhotoError(EvaError):
    """The photo cannot be judged."""


class EmptyPhotoError(PhotoError):
    """The file is empty."""


class NotAnImageError(PhotoError):
    """The file is not a picture in a format that Eva reads."""


class TruncatedPhotoError(PhotoError):
    """The picture ends before it is complete."""


class CorruptPhotoError(PhotoError):
    """The picture is damaged and cannot be decoded."""


class DecompressionBombError(PhotoError):
    """The picture would unpack to far more pixels than its file can honestly hold."""


class PhotoTooLargeError(PhotoError):
    """The picture is larger than 20 MB or 50 megapixels."""


class PhotoTooSmallError(PhotoError):
    """The picture is smaller than 64 pixels on one side."""


class PhotoAspectRatioError(PhotoError):
    """The picture is more than five times as long as it is wide."""


class ModelError(EvaError):
    """The style model cannot be used."""


class ModelNotFoundError(ModelError):
    """The model file or its card is not where it should be."""


class ModelMismatchError(ModelError):
    """The model file and its card do not belong together."""


class BackendUnavailableError(ModelError):
    """The chosen engine is not installed here."""


class FakeBackendExhaustedError(ModelError):
    """The scripted engine was asked for a verdict that nobody gave it."""


class PersistenceError(EvaError):
    """What Eva remembers cannot be reached."""


class DatabaseUnavailableError(PersistenceError):
    """The database does not answer, or does not let Eva in."""


class EmbeddedPostgresError(PersistenceError):
    """The embedded Postgres cannot run here; set DATABASE_URL to another one."""


class ObjectNotFoundError(PersistenceError):
    """There is no picture under this key."""


class StorageUnavailableError(PersistenceError):
    """The place where pictures lie does not answer."""


class UnsupportedDatabaseUrlError(PersistenceError):
    """DATABASE_URL does not name a Postgres."""


class DailyLimitError(EvaError):
    """The person has shown as many photos today as one may."""


class InvalidSignatureError(EvaError):
    """The link was not signed by Eva, or its time is over."""


class LoginError(EvaError):
    """The login did not come to its end."""


class LoginRejectedError(LoginError):
    """What was to prove who somebody is does not, or not any more."""


class LoginProviderUnavailableError(LoginError):
    """The provider of a login does not answer as it should; a later try may succeed."""


class LookNotFoundError(EvaError):
    """The look was deleted, or its pictures were."""


class PersonNotFoundError(EvaError):
    """The person was forgotten."""


class MissingSecretKeyError(EvaError):
    """Production needs EVA_SECRET_KEY."""


class TrainingError(EvaError):
    """The training command cannot go on."""


class DatasetError(TrainingError):
    """The photos or labels are not as the training data's README describes them."""


class UnknownBackboneError(TrainingError):
    """The recipe does not know this backbone."""


class WeightsUnavailableError(TrainingError):
    """The ImageNet weights could not be downloaded; name a file with --weights."""


class CheckpointMismatchError(TrainingError):
    """The folder holds another run's checkpoint; choose another --out or the same settings."""


class ExportMismatchError(TrainingError):
    """The exported model disagrees with the trained one, so it was not written."""


class MessengerError(EvaError):
    """The messenger and Eva did not understand each other."""


class InvalidBotTokenError(MessengerError):
    """Telegram does not know EVA_TELEGRAM_TOKEN; ask @BotFather."""


class InvalidPayloadError(MessengerError):
    """The call is not one that the messenger would make."""


class InvalidReplyError(MessengerError):
    """The reply breaks a rule of the messenger, so it would not be shown."""


class ForbiddenUrlError(MessengerError):
    """The address of a picture is none that Eva may open."""


class RemotePhotoGoneError(MessengerError):
    """The picture is no longer at its address."""


class RemotePhotoUnavailableError(MessengerError):
    """The picture could not be fetched in time; a later try may succeed."""


class DeliveryError(MessengerError):
    """The messenger did not take the message; a later try may succeed."""


class MessageRejectedError(MessengerError):
    """The messenger will never take the message as it is."""


class ChatUnavailableError(MessengerError):
    """Nobody reads in this chat any more: Eva was blocked, or the chat was deleted."""
