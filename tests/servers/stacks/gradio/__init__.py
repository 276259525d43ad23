"""Gradio's ChatInterface behind its own login: a call, then its events as a stream; talks under an id of the client."""
