"""Backups of the database and the images, and their restoration."""
