from tests.databases import *  # noqa: F403
from tests.issuer import *  # noqa: F403
