"""Measurements of speed, memory and faithfulness; they write their figures to `results/`."""
