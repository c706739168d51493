"""Telegram and KakaoTalk without Telegram and Kakao: local servers that speak the real wire formats.

    with FakeTelegram() as telegram, FakeKakao() as kakao: ...

`telegram.url` is a root of the Bot API, for `EVA_TELEGRAM_API_URL`; `kakao.host` belongs into
`EVA_KAKAO_IMAGE_HOSTS`. Both keep the rules of the originals (limits, errors, one-time callbacks) and record, in
order, everything that they are sent. They need nothing that Eva does not need herself.
"""
