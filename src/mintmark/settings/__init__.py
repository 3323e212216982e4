"""Every knob: its type, default, unit and one sentence. Refuses to start on nonsense (docs: settings)."""

from mintmark.settings.forms import Throttle
from mintmark.settings.model import Settings
from mintmark.settings.page import page
from mintmark.settings.sources import SettingsRefused

__all__ = ["Settings", "SettingsRefused", "Throttle", "page"]
