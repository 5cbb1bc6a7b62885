"""Memory that is free goes back to the system at once: one large body makes no service large for ever.

glibc keeps a heap for each thread, and learns from large blocks that it should keep such blocks: after
bodies of 133 MB a gateway held twice what it needed. `mallopt(3)` tells it otherwise.
"""

import ctypes

KIB = 1024

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # of <malloc.h>


def return_free_memory() -> bool:
    """Call it before threads begin. False where the C library knows no `mallopt`: memory is kept there."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    wanted = {_ARENA_MAX: 1, _MMAP_THRESHOLD: 128 * KIB, _TRIM_THRESHOLD: 128 * KIB}
    taken = [mallopt(parameter, value) == 1 for parameter, value in wanted.items()]
    return all(taken)
