"""What a check adds to the report: what works and was not said yet, and every failure with its advice."""

from chatdoor.discover.check_finding import Finding as Checked
from chatdoor.discover.check_finding import Proof
from chatdoor.discover.draft import Finding
from chatdoor.discover.mend_words import check_findings


def test_a_check_in_the_report() -> None:
    """A turn that works is no news, one that fails is; what is skipped or not shown is left out."""
    checked = (
        Checked("turn", "works", "fine"),
        Checked("memory", "fails", "lost", "Look at [conversation]."),
        Checked("isolation", "works", "apart"),
        Checked("refusal", "not shown", "answered", "Shorten it."),
        Checked("refresh", "skipped", "nothing refused"),
    )
    proof = Proof(site="bot", url="https://bot.example.org", findings=checked, requests=5, most_requests=9, seconds=1.0)
    assert check_findings(proof) == [
        Finding("unknown", "memory fails: lost. Look at [conversation]."),
        Finding("proven", "isolation: apart"),
    ]
