"""The room where people log in: by a login of somebody else's, by a link from a chat, and out again."""

import warnings

from authlib.deprecate import AuthlibDeprecationWarning

# Authlib can use httpx's successor, too, and says so at every start; Eva's own calls use httpx.
warnings.filterwarnings("ignore", "The httpx module is deprecated", AuthlibDeprecationWarning)
