"""The durable job queue and its maintenance."""
