"""One chat site for each web stack, on the real framework with its stock protection. Beside each lies its `site.toml`.

All of them answer alike, so that a test can check the history: ``You said 2 things; the last was: Hello``, where the
number is that of the user turns which the site, or the list, holds. The prompt ``secret?`` gets
``You said 2 things; the first was: ...`` instead, which shows what leaks between conversations.
"""
