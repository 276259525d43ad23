"""A stateless message list on a stateful site.

Standard clients send the whole list each time; many sites keep the history themselves and want the new turn only.

    the list     u1  a1  u2  a2  | u3          what the client sends
    digests       o---o---o---o  |             one for each prefix: scope, roles and texts
                              |
    the store         "a conversation ends here" -> claimed, u3 goes out in it        continuation
                      "one went by here"         -> a session of its own              fork
                      nothing, and no replies    -> a session of its own              new
                      nothing, but replies       -> the site does not know them       lost

`normal` makes the digests, `listing` puts a list into them, `record` is what is kept of a conversation, `match`
decides, `store` keeps, `ledger` claims and finishes; `snapshot` is what was found in a store elsewhere. All of it is
pure: time and ids come in as arguments.
"""
