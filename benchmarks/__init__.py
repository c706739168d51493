"""What Eva's figures rest on; results are kept in `results/`."""
