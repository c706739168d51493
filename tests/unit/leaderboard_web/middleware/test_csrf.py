import pytest

from leaderboard_web.middleware.csrf import is_same_origin


@pytest.mark.parametrize(
    ("scheme", "host", "public_url", "origin", "same"),
    [
        ("http", "eva.example", None, "http://eva.example", True),
        ("http", "eva.example:80", None, "http://eva.example", True),
        ("https", "eva.example", None, "https://eva.example:443", True),
        ("https", "eva.example", None, "http://eva.example", False),
        ("http", "eva.example", None, "https://eva.example", False),
        ("http", "eva.example", "https://eva.example", "https://eva.example", True),
        ("http", "eva.example:8000", None, "http://eva.example:8001", False),
        ("http", "eva.example", None, "null", False),
        ("http", "eva.example", None, "http://eva.example.evil.example", False),
        ("http", "eva.example", None, "http://[", False),
        ("http", "eva.example", None, "http://eva.example:99999", False),
        ("http", "eva.example", None, "http://mina@eva.example", False),
        ("http", "eva.example", None, "ftp://eva.example", False),
        ("http", "", None, "", False),
        ("http", "", None, "http://", False),
    ],
)
def test_the_origin_has_scheme_host_and_port_of_the_site(
    scheme: str, host: str, public_url: str | None, origin: str, same: bool
) -> None:
    headers = [(b"host", host.encode()), (b"origin", origin.encode())]
    assert is_same_origin({"type": "http", "scheme": scheme, "headers": headers}, public_url) is same
