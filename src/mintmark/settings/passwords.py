"""What the operator decides about passwords: how they are hashed, and which are good enough (NIST SP 800-63B-4)."""

from pydantic import BaseModel, Field

from mintmark.settings.forms import RangeUrl, Whole, WholeOrNone


class Passwords(BaseModel):
    """Part of Settings."""

    password_min_length: Whole = Field(
        default=15,
        ge=8,
        le=64,
        description="The fewest characters of a password that people choose and that signs them in alone.",
    )
    password_min_length_two: Whole = Field(
        default=8, ge=8, le=64, description="The fewest for those who need a second factor as well."
    )
    password_max_length: Whole = Field(
        default=256, ge=64, le=1024, description="The most characters of a password that people choose."
    )
    password_range_url: RangeUrl = Field(
        default=None,
        description="A list of leaked passwords that is asked by the first five digits of a SHA-1 digest, put behind "
        "this URL; unset: none is asked.",
    )

    password_hash_memory: Whole = Field(
        default=65536, ge=8, le=262144, description="Memory of one argon2id hash, in KiB."
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
