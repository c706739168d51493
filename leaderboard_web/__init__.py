"""The website: the leaderboard, the chat in the browser, accounts, login and moderation, as a FastAPI application."""
