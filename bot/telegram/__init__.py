"""Telegram's dialect: what an update says, messages and keyboards, and their delivery."""
