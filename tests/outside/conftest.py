from tests.outside.proxying import authority, server, server_with_path

__all__ = ["authority", "server", "server_with_path"]
