"""From a recording to a site file: what a browser's network panel exported, read and understood by rule.

`har.py` reads a file into the model of `recording.py`; `leaves.py` names every value that an exchange holds; `scrub.py`
removes what is secret, so that a recording can be shared. All of it is pure: bytes in, values out.
"""
