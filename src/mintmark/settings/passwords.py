"""What the operator decides about passwords: how they are hashed, and which are good enough (NIST SP 800-63B-4)."""

from pydantic import BaseModel, Field

from mintmark.settings.forms import Whole, WholeOrNone


class Passwords(BaseModel):
    """Part of Settings."""

    password_hash_memory: Whole = Field(
        default=19456, ge=8, le=262144, description="Memory of one argon2id hash, in KiB."
    )
    password_hash_time_cost: Whole = Field(default=2, ge=1, le=100, description="Passes of one argon2id hash.")
    password_hash_parallelism: Whole = Field(default=1, ge=1, le=16, description="Lanes of one argon2id hash.")
    password_threads: WholeOrNone = Field(
        default=None,
        ge=1,
        le=256,
        description="Passwords hashed at once in each process; unset: as many as it has cores.",
    )
    password_queue: Whole = Field(
        default=64, ge=1, le=100000, description="Passwords that may wait for a thread; one more is answered 503."
    )
