from tests.databases import *  # noqa: F403
from tests.issuer import *  # noqa: F403
from tests.journeys.browsing import *  # noqa: F403
from tests.journeys.counting import *  # noqa: F403
from tests.journeys.places import *  # noqa: F403
from tests.serving import *  # noqa: F403
