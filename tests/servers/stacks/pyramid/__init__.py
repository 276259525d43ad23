"""Pyramid with its CSRF check: a POST opens a talk and leads to its page, where the reply stands after a redirect."""
