"""The live recorder: a browser that somebody chats in, and all that goes over its network.

`visit.py` is the visit, `browser.py` starts and ends the browser, `tap.py` listens to its network, `hands.py` types
and presses, `secrecy.py` hears of passwords that are typed; these know Playwright. What they hear goes to `tape.py` in
the room beside, and what they do next is decided in `boxes.py` and `settling.py` there. `trust.py` looks at the
certificate of a site with a CA of its own.
"""
