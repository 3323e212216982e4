"""What is measured: Mintmark, node-oidc-provider, and the limit that no server on uvicorn can pass."""
