"""Translated texts: gettext catalogues, language negotiation, Korean particles."""
