"""The KakaoTalk channel: a skill server for a chatbot of Kakao Business, and jobs for its photos."""
