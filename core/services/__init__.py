"""Application services: photo judging, accounts, moderation, retention and exports."""
