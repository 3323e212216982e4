import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mintmark.keys import algorithms
from mintmark.keys.ring import Ring, SigningKey
from mintmark.keys.rotation import KeyFacts

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def vectors():
    return json.loads((Path(__file__).parent.parent / "vectors" / "jose.json").read_text())


@pytest.fixture(scope="session")
def now():
    return NOW


@pytest.fixture(scope="session")
def private_keys():
    """One of each algorithm, made once: RSA keys are slow to find."""
    return {alg: algorithms.generate(alg) for alg in algorithms.ALGORITHMS}


@pytest.fixture(scope="session")
def ring(private_keys):
    return Ring(
        [
            SigningKey.of(KeyFacts(algorithms.kid(alg, private), alg, NOW, NOW), private)
            for alg, private in private_keys.items()
        ]
    )
