"""Untrusted photo bytes: formats, decoding, colour and stored renditions."""
