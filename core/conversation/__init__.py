"""What Eva says and does in a conversation, the same on every channel."""
