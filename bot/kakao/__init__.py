"""KakaoTalk's dialect: what a skill call says, and replies in the channel's bubbles."""
