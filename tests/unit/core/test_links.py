from __future__ import annotations

import time
from datetime import timedelta

import pytest

from core.errors import LinkRefused
from core.links import Links
from core.storage import new_key

HOUR = timedelta(hours=1)


def test_a_token_opens_its_own_picture_alone() -> None:
    links, mine, yours = Links(b"secret"), new_key(), new_key()
    token = links.sign(mine, HOUR)
    links.check(mine, token)
    with pytest.raises(LinkRefused):
        links.check(yours, token)


def test_a_token_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    links, key = Links(b"secret"), new_key()
    token = links.sign(key, HOUR)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3590)
    links.check(key, token)
    monkeypatch.setattr(time, "time", lambda: now + 3610)
    with pytest.raises(LinkRefused, match="expired"):
        links.check(key, token)


def test_nobody_else_makes_tokens() -> None:
    links, key = Links(b"secret"), new_key()
    end, _, signature = links.sign(key, HOUR).partition(".")
    forged = [
        Links(b"another").sign(key, HOUR),
        f"{int(end, 16) + 3600:x}.{signature}",
        f"{end}.{signature[:-1]}",
        f"{end}.",
        "",
        ".",
        "zz.é",
    ]
    for token in forged:
        with pytest.raises(LinkRefused):
            links.check(key, token)


def test_links_of_the_same_step_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    links, key = Links(b"secret"), new_key()
    now = 3600.0 * 480_000
    tokens = []
    for moment in (now + 1, now + 3599, now + 3601):
        monkeypatch.setattr(time, "time", lambda moment=moment: moment)
        tokens.append(links.sign(key, HOUR, step=HOUR))
        assert int(tokens[-1].partition(".")[0], 16) >= moment + 3600
    assert tokens[0] == tokens[1] != tokens[2]
