"""Who is known, and by which token."""

from concurrent.futures import ThreadPoolExecutor

from chatdoor.practice.visitors import Visitors


def test_a_visitor_is_known_again() -> None:
    """A known id stays as it is; any other becomes a new one, never the one that was asked for."""
    visitors = Visitors()
    first = visitors.admit(None)
    assert visitors.admit(first) == first
    assert visitors.knows(first)
    assert visitors.admit("made up") != "made up"
    assert not visitors.knows("made up")
    assert visitors.seen == 2


def test_a_token_belongs_to_one_visitor() -> None:
    """A token is random, stays until it is renewed, and is good for its visitor alone."""
    visitors = Visitors()
    ada, bob = visitors.admit(None), visitors.admit(None)
    token = visitors.token(ada)
    assert visitors.token(ada) == token
    assert visitors.holds(ada, token)
    assert not visitors.holds(bob, token)
    assert not visitors.holds(ada, "")
    assert not visitors.holds(ada, "n\N{LATIN SMALL LETTER E WITH ACUTE}")
    assert visitors.token(bob) != token
    assert visitors.made == 2


def test_renewal_ends_the_old_token() -> None:
    """After a renewal only the new token is good."""
    visitors = Visitors()
    ada = visitors.admit(None)
    old = visitors.token(ada)
    new = visitors.renew(ada)
    assert not visitors.holds(ada, old)
    assert visitors.holds(ada, new)


def test_expiry_ends_all_tokens_and_no_visitor() -> None:
    """Expired tokens are good for nobody; the visitors are known still and can have new ones."""
    visitors = Visitors()
    ada = visitors.admit(None)
    old = visitors.token(ada)
    visitors.expire()
    assert not visitors.holds(ada, old)
    assert not visitors.holds(ada, "")
    assert visitors.knows(ada)
    assert visitors.holds(ada, visitors.token(ada))


def test_the_oldest_is_forgotten() -> None:
    """No more visitors are known than the limit; the oldest goes first, and leaves no trace when its token is asked."""
    visitors = Visitors(most=2)
    first, second, third = (visitors.admit(None) for _ in range(3))
    assert [visitors.knows(visitor) for visitor in (first, second, third)] == [False, True, True]
    assert not visitors.holds(first, visitors.renew(first))
    assert visitors.seen == 3


def test_threads_do_not_disturb_each_other() -> None:
    """Visitors that come while tokens expire in another thread are all counted, and within the limit."""
    visitors = Visitors(most=50)

    def come(_: int) -> None:
        visitor = visitors.admit(None)
        visitors.token(visitor)
        visitors.expire()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(come, range(400)))
    assert (visitors.seen, visitors.made) == (400, 400)
