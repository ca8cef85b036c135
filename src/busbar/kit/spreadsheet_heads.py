"""The child process that takes the first look at an Excel file, its memory limited.

A sheet of a few kilobytes may claim the cell XFD1048576; the reader then asks for more memory
than there is and takes its process down. So the first look at a stranger's workbook is taken
by a child whose memory is limited: if it dies, the file is refused and nothing else happens.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from busbar.kit import tables
from busbar.kit.phrases import keep
from busbar.kit.tables import UnableToReadTable

_ROOM_BYTES = 2 << 30
"""What the child may take beyond the interpreter: some 20 million cells."""


def main(path: Path) -> None:
    """In the child: write the heads as JSON lists, or the sentence that refuses the file."""
    _limit_memory()
    try:
        heads = [(h.sheet, h.header, h.header_row, h.rows) for h in tables.list_sheet_heads(path)]
        sys.stdout.write(json.dumps(heads))
    except UnableToReadTable as refusal:
        sys.stdout.write(json.dumps(keep(refusal)))


def _limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + _ROOM_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
