"""Express with express-session and csrf-csrf: a token from a JSON path, NDJSON as the reply, talks under an id."""
