"""Decoding, color management and renditions of images."""
