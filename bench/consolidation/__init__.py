"""Archives with known truth for the consolidation: one to tune on, another to measure on."""
