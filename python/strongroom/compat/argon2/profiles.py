"""Sets of parameters, by argon2-cffi's names, for `PasswordHasher.from_parameters`."""

from strongroom.compat.argon2.parameters import Parameters, Type

RFC_9106_HIGH_MEMORY = Parameters(Type.ID, 19, 16, 32, time_cost=1, memory_cost=2_097_152, parallelism=4)
"""The first recommended option of RFC 9106, section 4: 2 GiB."""

RFC_9106_LOW_MEMORY = Parameters(Type.ID, 19, 16, 32, time_cost=3, memory_cost=65_536, parallelism=4)
"""The second recommended option of RFC 9106, section 4: 64 MiB. The default."""

PRE_21_2 = Parameters(Type.ID, 19, 16, 16, time_cost=2, memory_cost=102_400, parallelism=8)
"""The default of argon2-cffi before 21.2."""

CHEAPEST = Parameters(Type.ID, 19, 8, 4, time_cost=1, memory_cost=8, parallelism=1)
"""For tests only."""


def get_default_parameters() -> Parameters:
    """Return `RFC_9106_LOW_MEMORY`."""
    return RFC_9106_LOW_MEMORY
