"""A Django 5 project of VoiGpt's kind: a page with a CSRF cookie, and a chat view behind the stock middleware."""

USER = "ada"
"""The one account of the site."""
PASSWORD = "open sesame"
