"""Property tests for lending markets, ours and anybody's."""
