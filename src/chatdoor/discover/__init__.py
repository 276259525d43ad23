"""From a recording to a site file, and from a site file to the proof that it works.

`har.py` reads what a browser's network panel exported into the model of `recording.py`; `leaves.py` names every value
that an exchange holds; `scrub.py` removes what is secret, so that a recording can be shared. All of that is pure.

`check.py` proves a site file against the live site: `check_plan.py` says what is done and how much that may send,
`check_stages.py` sends it, `check_verdict.py` concludes from what came.

`live.py` proves and mends what was discovered: `mend.py` decides which trial comes next, `mend_repairs.py` and
`mend_sources.py` say what may be wrong, `mend_tables.py` changes the draft.
"""
