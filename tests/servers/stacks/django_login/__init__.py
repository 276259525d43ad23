"""Django with `CSRF_USE_SESSIONS` and a login, which rotates the token. A form is the chat, the session keeps the talk."""

USER = "ada"
PASSWORD = "lovelace & <sons>"
