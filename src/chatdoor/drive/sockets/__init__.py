"""Websockets, behind one seam: the library `websockets`, in its blocking and its async face.

Nothing outside this folder knows the library, and a program whose sites have no websockets does not load it. What
it is kept from doing by itself: following redirects, using the environment's proxies, sending pings of its own.
"""
