from tests.serving import *  # noqa: F403
