"""Says what happened in words: event lines, tie sentences, why, the story."""
