"""Use cases over the repositories: judging, sharing, accounts, moderation, retention."""
