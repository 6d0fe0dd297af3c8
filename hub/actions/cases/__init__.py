"""What is done with whole cases: taking back, merging, linking, incidents, listening in."""
