"""What every room may use: money, periods, clock, ids, errors, actor. Imports nothing of ours."""
