"""Busbar 母线: how a power-supply company looks after its large customers."""
