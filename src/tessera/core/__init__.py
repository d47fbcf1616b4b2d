"""Pure rules: money, periods, ids, errors, clock, intervals. No Django, no I/O."""
