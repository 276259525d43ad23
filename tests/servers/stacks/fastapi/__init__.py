"""FastAPI with fastapi-csrf-protect: cookie and header, events as the reply, the client keeps the history."""
