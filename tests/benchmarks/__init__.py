"""How fast the hub is, as ratios to floors measured in the same run on the same Postgres: `python -m tests.benchmarks.run`.

One file for each thing that is measured; every one has `measure(stage)`, which yields figures. The hub under load is a
process of its own, so that the load generator's processor time is not the hub's.
"""
