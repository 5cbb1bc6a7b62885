"""What was freed goes back to the system."""

import subprocess
import sys

import pytest

# Blocks that glibc keeps for later by itself, because the last of them stays.
PROGRAM = """
import sys
from pathlib import Path
from common.memory import return_free_memory

def megabytes():
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) // 1024

if sys.argv[1] == "returned":
    assert return_free_memory()
before = megabytes()
first = bytearray(b"x") * 600_000
del first
blocks = [bytearray(b"x") * 300_000 for _ in range(300)]
del blocks[:-1]
print(megabytes() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="mallopt and /proc are those of Linux with glibc")
def test_freed_blocks_are_kept_by_the_system_s_library_and_returned_by_us() -> None:
    assert _megabytes_held("kept") > 50
    assert _megabytes_held("returned") < 10


def _megabytes_held(how: str) -> int:
    program = [sys.executable, "-c", PROGRAM, how]
    return int(subprocess.run(program, capture_output=True, check=True, text=True).stdout)
