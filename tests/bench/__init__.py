"""What sagetop costs, as ratios against something else in the same run: `make bench`, never part of `make test`."""
