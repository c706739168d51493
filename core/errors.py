"""Every exception that Eva raises on purpose, in one tree.

  EvaError
    - PhotoError                  the uploaded bytes
      - EmptyPhotoError
      - NotAnImageError
      - TruncatedPhotoError
      - CorruptPhotoError
      - DecompressionBombError
      - PhotoTooLargeError
      - PhotoTooSmallError
      - PhotoAspectRatioError
    - DecoderUnavailableError
    - ModelError                  the bundled model
      - ModelNotFoundError
      - ModelMismatchError
      - BackendUnavailableError
      - FakeBackendExhaustedError
    - PersistenceError            database and object storage
      - DataFolderError
      - DatabaseUnavailableError
      - EmbeddedPostgresError
      - ObjectNotFoundError
      - SchemaBusyError
      - SchemaOutdatedError
      - SchemaTooNewError
      - StorageUnavailableError
      - UnknownRevisionError
      - UnsupportedDatabaseUrlError
    - BackupError                 `eva backup` and `eva restore`
      - BackupNotFoundError
      - BackupRunningError
      - DatabaseNotEmptyError
      - SecretKeyChangedError
    - DailyLimitError
    - InvalidSignatureError
    - LoginError                  proofs of identity
      - LoginRejectedError
      - LoginProviderUnavailableError
    - LookNotFoundError
    - PersonNotFoundError
    - UpdateTakenOverError
    - MissingSecretKeyError
    - WeakSecretKeyError
    - TracingUnavailableError
    - TrainingError               training commands
      - DatasetError
      - UnknownBackboneError
      - WeightsUnavailableError
      - CheckpointMismatchError
      - ExportMismatchError
      - DiskSpaceError
      - WorkerEndedError
    - MessengerError              Telegram and KakaoTalk
      - InvalidBotTokenError
      - InvalidPayloadError
      - InvalidReplyError
      - ForbiddenUrlError
      - RemotePhotoGoneError
      - RemotePhotoUnavailableError
      - DeliveryError
        - FloodWaitError
      - MessageRejectedError
      - ChatUnavailableError

The first line of a class's docstring is its message for operators; `detail` adds the specifics. The command line has
those of errors that commands end with in both languages (`eva.cli_errors`). What people read is chosen in
`core.conversation.narration`, the HTTP status in `leaderboard_web.errors`.
"""


class EvaError(Exception):
    """Eva cannot do what was requested."""

    def __init__(self, detail: str = "") -> None:
        message = (type(self).__doc__ or "").partition("\n")[0]
        super().__init__(f"{message.rstrip('.')}: {detail}" if detail else message)
        self.detail = detail


class PhotoError(EvaError):
    """The photo cannot be judged."""


class EmptyPhotoError(PhotoError):
    """The file is empty."""


class NotAnImageError(PhotoError):
    """The file is not an image in a supported format."""


class TruncatedPhotoError(PhotoError):
    """The image file is incomplete."""


class CorruptPhotoError(PhotoError):
    """The image is damaged and cannot be decoded."""


class DecompressionBombError(PhotoError):
    """The image takes far more memory or time than a photo."""


class PhotoTooLargeError(PhotoError):
    """The image is larger than 20 MB or 54 megapixels (WebP: 32)."""


class PhotoTooSmallError(PhotoError):
    """The image is smaller than 64 pixels on one side."""


class PhotoAspectRatioError(PhotoError):
    """One side of the image is more than five times the other."""


class DecoderUnavailableError(EvaError):
    """The process that decodes photos does not start."""


class ModelError(EvaError):
    """The style model cannot be used."""


class ModelNotFoundError(ModelError):
    """The model file or its model card does not exist."""


class ModelMismatchError(ModelError):
    """The model file and its model card do not belong together."""


class BackendUnavailableError(ModelError):
    """The configured inference backend is not installed."""


class FakeBackendExhaustedError(ModelError):
    """The fake backend has no outputs left."""


class PersistenceError(EvaError):
    """The database or the object storage cannot be used."""


class DataFolderError(PersistenceError):
    """The folder of EVA_DATA_DIR cannot be used; name one that is writable and has space."""


class DatabaseUnavailableError(PersistenceError):
    """The database does not answer or refuses the connection."""


class EmbeddedPostgresError(PersistenceError):
    """The embedded PostgreSQL cannot run here; set DATABASE_URL to use another one."""


class ObjectNotFoundError(PersistenceError):
    """There is no object under this key."""


class StorageUnavailableError(PersistenceError):
    """The object storage does not answer."""


class SchemaBusyError(PersistenceError):
    """The tables are in use, so that they cannot be migrated now; try again."""


class SchemaOutdatedError(PersistenceError):
    """The database is not migrated to this version of Eva; run `eva migrate`."""


class SchemaTooNewError(PersistenceError):
    """The database belongs to another version of Eva, on which this one cannot run."""


class UnknownRevisionError(PersistenceError):
    """This version of Eva has no such migration."""


class UnsupportedDatabaseUrlError(PersistenceError):
    """DATABASE_URL is not a PostgreSQL URL that Eva can use."""


class BackupError(EvaError):
    """The backup cannot be made or restored."""


class BackupNotFoundError(BackupError):
    """There is no finished backup, or none of this name."""


class BackupRunningError(BackupError):
    """Another backup writes to this folder or bucket, or was killed in the last five minutes; try again later."""


class DatabaseNotEmptyError(BackupError):
    """The database has tables already; restore into an empty one."""


class SecretKeyChangedError(BackupError):
    """EVA_SECRET_KEY is not the one of the backup: all sessions and links would end. Set it, or pass --new-secret."""


class DailyLimitError(EvaError):
    """The person has reached the daily photo limit."""


class InvalidSignatureError(EvaError):
    """The signed URL is forged or has expired."""


class LoginError(EvaError):
    """The login failed."""


class LoginRejectedError(LoginError):
    """The proof of identity is invalid or has expired."""


class LoginProviderUnavailableError(LoginError):
    """The login provider does not answer as specified; a later attempt may succeed."""


class LookNotFoundError(EvaError):
    """The look or its images were deleted."""


class PersonNotFoundError(EvaError):
    """The person was erased."""


class UpdateTakenOverError(EvaError):
    """Another worker replies to the update, since this one gave no sign of life for too long."""


class MissingSecretKeyError(EvaError):
    """EVA_SECRET_KEY is required in production."""


class WeakSecretKeyError(EvaError):
    """The secret key is too easy to guess, so that anyone could sign links and sessions."""


class TracingUnavailableError(EvaError):
    """OTEL_EXPORTER_OTLP_ENDPOINT is set, but the extra `otel` is not installed."""


class TrainingError(EvaError):
    """The training command cannot continue."""


class DatasetError(TrainingError):
    """The photos or labels do not have the documented structure."""


class UnknownBackboneError(TrainingError):
    """The training configuration names an unknown backbone."""


class WeightsUnavailableError(TrainingError):
    """The ImageNet weights cannot be downloaded; pass a file with --weights."""


class CheckpointMismatchError(TrainingError):
    """The directory holds checkpoints of another run; choose another --out or the same configuration."""


class ExportMismatchError(TrainingError):
    """The exported model disagrees with the trained one and was not written."""


class DiskSpaceError(TrainingError):
    """There is too little space on the disk."""


class WorkerEndedError(TrainingError):
    """A process that computed features was killed, most often for its memory; the same command continues."""


class MessengerError(EvaError):
    """A messenger call or reply is invalid or failed."""


class InvalidBotTokenError(MessengerError):
    """Telegram rejects EVA_TELEGRAM_TOKEN; get one from @BotFather."""


class InvalidPayloadError(MessengerError):
    """The request is not a valid messenger payload."""


class InvalidReplyError(MessengerError):
    """The reply violates a rule of the messenger and would not be shown."""


class ForbiddenUrlError(MessengerError):
    """The image URL is not allowed."""


class RemotePhotoGoneError(MessengerError):
    """The photo no longer exists at its URL."""


class RemotePhotoUnavailableError(MessengerError):
    """The photo could not be downloaded in time; a later attempt may succeed."""


class DeliveryError(MessengerError):
    """The messenger did not accept the message; a later attempt may succeed."""


class FloodWaitError(DeliveryError):
    """The messenger accepts no more calls for some time."""

    def __init__(self, detail: str = "", *, seconds: float = 0.0) -> None:
        super().__init__(detail)
        self.seconds = seconds
        """From when on it accepts calls again."""


class MessageRejectedError(MessengerError):
    """The messenger rejects the message permanently."""


class ChatUnavailableError(MessengerError):
    """The chat is unavailable: the bot was blocked or the chat was deleted."""
