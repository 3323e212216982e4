"""How a PERSON proves themself: one file per factor, and one entry here, by its name in `amr` (RFC 8176)."""

from types import MappingProxyType, ModuleType
from typing import Final

from mintmark.factors import password

FACTORS: Final[MappingProxyType[str, ModuleType]] = MappingProxyType({"pwd": password})
