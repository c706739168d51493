"""Translated texts: gettext catalogs, language negotiation, Korean particles."""
