"""Flask with Flask-WTF's CSRFProtect: a token in a `<meta>`, a JSON chat, the history in the signed session cookie."""
