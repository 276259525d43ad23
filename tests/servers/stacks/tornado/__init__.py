"""Tornado with its `xsrf_cookies` and `authenticated`: a login form, a masked token, the reply as text that streams."""
