"""Outcomes of futures that are asked for in SQL: key figures, and queries of one's own."""
