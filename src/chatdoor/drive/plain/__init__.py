"""HTTP/1.1 of our own, for plain connections: no TLS, no proxy.

The library does its work on threads of its own, and each answer has to come from there: three crossings, which
cost more than the answer (`bench/README.md`). A gateway beside its site pays that for every request. So what is
plain goes straight through the event loop or a socket, with the parser that the servers here use too, and everything
else (TLS, proxies, odd URLs) through the library. What is sent, every limit and every error is the same.
"""
