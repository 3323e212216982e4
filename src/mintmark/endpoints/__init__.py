"""The doors of the protocol: one file per URL, each a function from a request to an answer."""
