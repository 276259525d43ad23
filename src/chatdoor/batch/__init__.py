"""Many prompts to one site, from a file into a file, whatever happens on the way.

Read `work` for the seam between a run and who asks, `keeping` for what survives a kill.
"""
