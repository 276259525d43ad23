"""What several gateways share on a Redis or Valkey server: sessions, conversations, the site's pace.

    the gateway, the async client          what is asked: one script for each step, most of them in one trip
              |
    talks, sessions, pace                  what a step means, and what is done while the server is away
              |
    rows                                   conversations as they stand there, and what finds them
              |
    scripts                                what is one step for all: read, compare, write, on the server
              |
    link                                   the way there: what is sent in one moment goes together

A request takes two trips: one before the site is asked, one when the reply is whole. Who else has a say in it (a gate,
somebody who waits for its end) has it in these. Without shared state nothing of this is loaded.
"""
