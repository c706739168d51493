"""Eva's voice: what she says about a verdict, in Korean and English, for any channel."""
