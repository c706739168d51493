"""What Eva says and does in a conversation, independent of the messenger."""
