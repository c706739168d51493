"""Login under `/login`: OAuth providers, Telegram's widget and Mini App, magic links from chats, and logout."""

import warnings

from authlib.deprecate import AuthlibDeprecationWarning

# Authlib prefers a successor of httpx and warns at each start; Eva uses httpx.
warnings.filterwarnings("ignore", "The httpx module is deprecated", AuthlibDeprecationWarning)
