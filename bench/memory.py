"""The most memory of a process. Not `ru_maxrss`, which outlives `exec` with the parent's most."""

from pathlib import Path

_KIB_A_MIB = 1024


def most_memory_mib() -> float:
    """The highest resident size so far (VmHWM of Linux), MiB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / _KIB_A_MIB
