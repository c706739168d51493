"""The Telegram adapter: parses updates, formats messages and keyboards, and delivers them."""
