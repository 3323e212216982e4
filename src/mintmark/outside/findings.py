"""What was found: each fault in one sentence, and in another what mends it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Finding:
    name: str  # for scripts: `hsts`, `certificate-expired`
    fault: str
    mending: str

    def document(self) -> dict[str, str]:
        return {"name": self.name, "fault": self.fault, "mending": self.mending}


@dataclass(slots=True)
class Findings:
    """wrong: clients are hurt, or could be; unwise: they are not yet; unseen: could not be looked at, and why."""

    wrong: list[Finding] = field(default_factory=list)
    unwise: list[Finding] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)

    def fault(self, name: str, fault: str, mending: str) -> None:
        self._add(self.wrong, Finding(name, fault, mending))

    def warn(self, name: str, fault: str, mending: str) -> None:
        self._add(self.unwise, Finding(name, fault, mending))

    def has(self, name: str) -> bool:
        return any(name == one.name for one in (*self.wrong, *self.unwise))

    def _add(self, to: list[Finding], found: Finding) -> None:
        """Once, however many doors show it."""
        if not self.has(found.name):
            to.append(found)
