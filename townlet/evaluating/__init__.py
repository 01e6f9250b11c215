"""Evaluates policies: towns of many seeds live under each, and what people then do is told with intervals."""
