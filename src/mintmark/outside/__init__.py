"""A look at a running server from where its clients are: what a proxy, a certificate or a clock between them spoils."""
