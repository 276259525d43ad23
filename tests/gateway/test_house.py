"""Model names: sites, their models, aliases."""

import pytest

from chatdoor.errors import ArgumentError
from chatdoor.gateway.house import House
from chatdoor.gateway.problem import Problem
from chatdoor.site import Site, loads_site
from tests.gateway.door import key

SITE = """
schema = 1
name = "{name}"
url = "http://127.0.0.1:9"
models = ["small", "large/2"]
[chat]
post = "/"
json = {{ p = "{{prompt}}", t = "{{temperature?}}" }}
[reply]
json = "r"
"""


def a_site(name: str) -> Site:
    """A site with two models."""
    return loads_site(SITE.format(name=name))


def test_a_site_and_its_models_have_names() -> None:
    """A site's own name stands for its first model; the others are below it."""
    house = House([a_site("a"), a_site("b")], {}, aliases={"gpt-4o": "b/large/2"})
    assert [model.id for model in house.models(None)] == [
        "a", "a/small", "a/large/2", "b", "b/small", "b/large/2", "gpt-4o",
    ]  # fmt: skip
    found = house.find("gpt-4o", None)
    assert (found.name, found.site.name, found.model) == ("gpt-4o", "b", "large/2")
    assert house.find("a", None).model == "small"
    assert house.find("a", None).takes == {"temperature"}


def test_a_key_sees_its_sites_alone() -> None:
    """For other keys a site is not there, and is not named as the nearest."""
    house = House([a_site("alpha"), a_site("beta")], {})
    only = key("one", sites=frozenset({"alpha"}))
    assert {model.id for model in house.models(only)} == {"alpha", "alpha/small", "alpha/large/2"}
    with pytest.raises(Problem) as missing:
        house.find("beta", only)
    assert (missing.value.status, missing.value.param, missing.value.code) == (404, "model", "model_not_found")
    with pytest.raises(Problem) as wrong:
        house.find("bet", only)
    assert wrong.value.message.endswith("you do not have access to it.")
    with pytest.raises(Problem) as near:
        house.find("alpah", only)
    assert near.value.message.endswith("did you mean 'alpha'?")


@pytest.mark.parametrize(
    ("aliases", "problem"),
    [({"a": "a"}, "alias a: is the name of a site"), ({"x": "aa"}, "there is no 'aa'; did you mean")],
)
def test_an_alias_that_can_not_be_is_an_error(aliases: dict[str, str], problem: str) -> None:
    """An alias takes no site's name, and stands for one."""
    with pytest.raises(ArgumentError, match=problem):
        House([a_site("a")], {}, aliases=aliases)


def test_two_sites_of_one_name_are_an_error() -> None:
    """Nobody could tell which one is asked."""
    with pytest.raises(ArgumentError, match="two sites have the name a"):
        House([a_site("a"), a_site("a")], {})
