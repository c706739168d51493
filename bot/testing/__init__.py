"""Fakes of Telegram and KakaoTalk: local HTTP servers with the wire formats of the originals.

    with FakeTelegram() as telegram, FakeKakao() as kakao: ...

`telegram.url` is a base URL of the Bot API, for `EVA_TELEGRAM_API_URL`; `kakao.host` is a host for
`EVA_KAKAO_IMAGE_HOSTS`. Both enforce the rules of the originals (limits, errors, single-use callbacks), record all
requests in order, and need no packages besides the run-time dependencies.

See ADR 0017.
"""
