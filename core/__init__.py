"""The brain: photos, styles, the trained model and its school. Knows nothing of chat, HTTP or HTML."""
