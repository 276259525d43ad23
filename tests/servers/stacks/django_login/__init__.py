"""Django with `CSRF_USE_SESSIONS`, and a login that rotates the token. A form is the chat, the session keeps it."""
