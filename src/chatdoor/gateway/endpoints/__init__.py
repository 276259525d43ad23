"""The endpoints, one file for each: from a request to its answer."""
