"""What a site file says about itself."""

import pytest

from chatdoor.cli.about import About, about


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# A bot. More.\nschema = 1\n# Verified today.", About("A bot.", "")),
        (
            "# Django's\n# middleware: a page sets it.\n#\n# Verified against Django 5.2.\n",
            About("Django's middleware.", "verified against Django 5.2"),
        ),
        ("# A bot.\n# From documentation: Laravel 11.\n", About("A bot.", "from documentation: Laravel 11")),
        ("# The 5.2 bot\n", About("The 5.2 bot", "")),
        ("schema = 1\n", About("It does not say.", "")),
    ],
)
def test_the_first_comment_tells(text: str, expected: About) -> None:
    """Its first sentence says what the file is, and the last how that is known."""
    assert about(text) == expected
