"""The registers, curves and bills for programs: /api/v1. No models, no decisions."""
