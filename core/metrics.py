"""What is counted and timed, for `/metrics`. Counts only: nothing here can tell one person from another."""

from prometheus_client import Counter, Gauge, Histogram

PHOTOS = Counter("eva_photos", "Photos that were looked at, by what came of them.", ["channel", "outcome"])
"""The outcome is the verdict's band, `remembered`, or the kind of the error."""
STEP_SECONDS = Histogram(
    "eva_step_seconds",
    "Seconds that one step of a photo's way took.",
    ["step"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
"""Steps: `read`, `judge`, `store`, `deliver`."""
DELIVERIES = Counter("eva_deliveries", "Messages to messengers, by what became of them.", ["channel", "outcome"])
RETRIES = Counter("eva_retries", "Jobs of the queue that are tried again.", ["task"])
QUEUE_DEPTH = Gauge("eva_queue_jobs", "Jobs in the queue.", ["state"])
QUEUE_AGE = Gauge("eva_queue_oldest_seconds", "How long the first of the waiting jobs has waited.")
