"""The families of the bench that measure learning: experience, the social snippet, and training."""
