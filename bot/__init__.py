"""Adapters for Telegram and KakaoTalk, and a simulator of each for tests."""
