"""How much processor time the processes of a stack have used: who is slow when nobody waits for the shop."""

import os
from pathlib import Path

from stack.stack import Stack

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
USER_TICKS, SYSTEM_TICKS = 11, 12  # fields after the process's name, proc_pid_stat(5)


def processor_seconds(stack: Stack) -> dict[str, float]:
    """Seconds since its start by process: services and shops. Empty where there is no /proc."""
    used = {name: _of_process(stack.supervisor.pid(name)) for name in stack.log_paths}
    return {name: seconds for name, seconds in used.items() if seconds is not None}


def _of_process(pid: int) -> float | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(") ")[2].split()
    return (int(fields[USER_TICKS]) + int(fields[SYSTEM_TICKS])) / TICKS_PER_SECOND
