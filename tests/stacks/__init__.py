"""chatdoor on real web frameworks, each described by the site file beside its server."""
