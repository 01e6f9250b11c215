"""Paired futures: what one event or one command did, measured over towns that live on with and without it."""
