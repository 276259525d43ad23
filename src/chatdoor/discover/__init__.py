"""From a recording to a site file, and from a site file to the proof that it works.

`check.py` proves a site file against the live site: `check_plan.py` says what is done and how much that may send,
`check_stages.py` sends it, `check_verdict.py` concludes from what came.
"""
