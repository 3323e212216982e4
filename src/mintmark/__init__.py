"""Mintmark: a standalone OAuth 2 and OpenID Connect authorization server."""
