"""Measures chatdoor beside what one would write by hand, and beside `openai`, in the same run."""
