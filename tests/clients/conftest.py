from tests.clients.go_programs import *  # noqa: F403
from tests.clients.node_packages import *  # noqa: F403
from tests.clients.provider import *  # noqa: F403
from tests.journeys.browsing import *  # noqa: F403
from tests.serving import *  # noqa: F403
