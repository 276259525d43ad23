"""The gateway: any site behind the API that every client already speaks.

A request goes through `app`: `guard` looks at its head, `routes` finds its endpoint, the endpoint answers, and whatever
fails becomes one JSON envelope. `openai/` is that API as pure data, `endpoints/` has one file for each endpoint,
`house` knows the sites. `server`, `connection` and `reader` are its HTTP/1.1 server; nobody else knows of sockets.
"""
