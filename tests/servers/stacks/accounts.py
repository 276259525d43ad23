"""The one account of the sites with a login."""

USER = "ada"
PASSWORD = "lovelace & <sons>"
