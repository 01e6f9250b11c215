"""The peers that the bench measures beside Townlet."""
