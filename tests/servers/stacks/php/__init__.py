"""Plain PHP: a one-use token in a hidden field, the whole page as the answer, the talk in `$_SESSION`."""
