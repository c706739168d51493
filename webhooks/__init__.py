"""HTTP endpoints for machines: the webhooks of the messengers, health checks and metrics."""
