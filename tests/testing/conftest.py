# A wheel is found by its entry point; the checkout may have been installed before there was one.
from mintmark.testing.plugin import mintmark, mintmark_server, mintmark_settings

__all__ = ["mintmark", "mintmark_server", "mintmark_settings"]
