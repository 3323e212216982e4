"""The doors of the operators: a JSON API for administrators (contract, "The admin API")."""

from fastapi import FastAPI

from mintmark.server import Server


def build(server: Server) -> FastAPI:
    return FastAPI(title="Mintmark admin API")
