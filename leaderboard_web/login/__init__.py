"""The room where people log in: by a login of somebody else's, by a link from a chat, and out again."""
