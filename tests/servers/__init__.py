"""The real servers that the tests talk to: a Django project, proxies, and a server that breaks every rule.

All of them listen on loopback, on a port the system picks. ``fixtures.py`` offers them to the tests.
"""
