"""Signing keys, what they sign, and the seal around what must be read back."""
