"""Django Channels: a websocket that Django's session cookie opens; the connection keeps the talk."""
