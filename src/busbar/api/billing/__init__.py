"""Bills for programs: runs, release, corrections, advice, group bills, other bills."""
