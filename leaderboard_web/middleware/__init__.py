"""ASGI middleware of the site."""
