"""What `make bench` measures: ratios within one run, never milliseconds of one machine (issue and 3-architecture)."""
