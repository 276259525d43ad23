"""The labels of steps: each names one step of the site file."""

import pytest

from chatdoor.site import loads_site

SESSION = '[session]\nget = "/x"\ntake.csrf = { header = "t" }\n'
LISTS = [
    ("one alone", "", ["POST /graphql"]),
    ("different ones", SESSION, ["GET /x", "POST /graphql"]),
    (
        "the same one thrice",
        '[session]\npost = "/graphql"\n[conversation.start]\npost = "/graphql"\n',
        [f"step {number} of 3, POST /graphql" for number in (1, 2, 3)],
    ),
    (
        "two lists alike",
        (
            '[[session]]\nget = "/x"\n[[session]]\nget = "/y"\n[[conversation.start]]\nget = "/x"\n'
            '[[conversation.start]]\nget = "/y"\n'
        ),
        [
            *(f"step {number} of 5, GET /{'xy'[(number - 1) % 2]}" for number in (1, 2, 3, 4)),
            "step 5 of 5, POST /graphql",
        ],
    ),
    (
        "two lists that differ",
        '[[session]]\nget = "/x"\n[[session]]\nget = "/y"\n',
        ["step 1 of 2, GET /x", "step 2 of 2, GET /y", "POST /graphql"],
    ),
]


@pytest.mark.parametrize(("before", "labels"), [row[1:] for row in LISTS], ids=[row[0] for row in LISTS])
def test_a_label_names_one_step(before: str, labels: list[str]) -> None:
    """Its number is that in its own list; where that would be two steps, that in all of them."""
    site = loads_site(
        f'schema = 1\nname = "bot"\nurl = "https://bot.example"\n{before}'
        '[chat]\npost = "/graphql"\njson = { q = "{prompt}" }\n[reply]\njson = "text"\n'
    )
    assert [step.label for step in (*site.session, *site.conversation.start, *site.chat)] == labels
