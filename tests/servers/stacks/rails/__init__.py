"""Rails with its stock protect_from_forgery: a masked token in a `<meta>`, a JSON chat, the talk in the session."""
