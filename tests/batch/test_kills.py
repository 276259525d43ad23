"""A batch that is killed again and again; `scripts/soak kills` does it 200 times over 10,000 rows."""

from pathlib import Path

from tests.batch.kills import kill_run


def test_a_batch_survives_every_kill(tmp_path: Path) -> None:
    """Every row is answered once; only what was under way was asked twice, and says so."""
    verdict = kill_run(tmp_path, rows=900, kills=15, longest=0.2)
    assert (verdict.problems, verdict.kills) == ([], 15)
    assert verdict.repeated
