"""Prometheus metrics, served at `/metrics`. They hold counts only and cannot tell one person from another."""

from enum import StrEnum

from prometheus_client import Counter, Gauge, Histogram

PHOTOS = Counter("eva_photos", "Photos by channel and outcome.", ["channel", "outcome"])
"""The outcome is the verdict's band, `remembered` for a duplicate, or the class name of the error."""
STEP_SECONDS = Histogram(
    "eva_step_seconds",
    "Duration of one step of photo processing in seconds.",
    ["step"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
"""Steps: `read`, `judge`, `store`, `deliver`."""
REQUEST_SECONDS = Histogram(
    "eva_request_seconds",
    "Duration of requests in seconds, by the template of the route.",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
"""The status is its class, e.g. `2xx`."""
JOB_SECONDS = Histogram(
    "eva_job_seconds",
    "Duration of one attempt of a job in seconds.",
    ["task", "outcome"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
"""The outcome is `succeeded` or `failed`."""
BUILD = Gauge("eva_build_info", "Always 1; the labels tell what runs.", ["version", "model", "engine"])
DATABASE_CONNECTIONS = Gauge("eva_database_connections", "Connections of the process, without the queue's.", ["state"])
"""The state is `used`, `idle` or `limit`."""


class DeliveryOutcome(StrEnum):
    """How sending one message to a messenger ended."""

    SENT = "sent"
    GONE = "gone"
    """The person blocked the bot, or the chat was deleted."""
    UNSURE = "unsure"
    """The messenger did not respond in time, so that the message may have arrived or not."""
    REFUSED = "refused"
    """The messenger will never show this message."""
    UNREACHABLE = "unreachable"
    """The messenger could not be reached, or demands a long pause; a job may try again."""
    LATE = "late"
    """The result was ready when KakaoTalk did not take it any more."""
    INVALID = "invalid"
    """Eva did not send the message, since its address or its form is not allowed."""


DELIVERIES = Counter("eva_deliveries", "Messages sent to messengers, by outcome.", ["channel", "outcome"])
"""The outcome is a `DeliveryOutcome`."""
LOGGED_ERRORS = Counter("eva_logged_errors", "Log events of the level error, which need an operator.", ["event"])
RETRIES = Counter("eva_retries", "Retried jobs.", ["task"])
DATABASE_REACHABLE = Gauge(
    "eva_database_reachable", "1 if the database answered this scrape within five seconds, through the process's pool."
)
"""Without an answer, the gauges below are not a number."""
QUEUE_DEPTH = Gauge("eva_queue_jobs", "Jobs in the queue.", ["state"])
QUEUE_AGE = Gauge(
    "eva_queue_oldest_seconds", "Longest time for which a job that could start has waited for a worker, in seconds."
)
OVERDUE_IMAGES = Gauge(
    "eva_overdue_images_seconds", "Time since the oldest private image or processed update should have been deleted."
)
FAILED_UPDATES = Gauge("eva_failed_updates", "Updates that were given up and can be retried by hand.")
LAST_BACKUP = Gauge(
    "eva_last_backup_timestamp_seconds", "Unix time of the data in the last backup; 0 if none was made."
)
