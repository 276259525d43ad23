"""Starlette with starlette-csrf, its names those that axios has: a job, then a stream of its text so far."""
