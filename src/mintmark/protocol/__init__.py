"""The rules of the protocols, as values and pure functions. Nothing here waits, reads a clock or opens a file."""
