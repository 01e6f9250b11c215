"""Answers questions in SQL: of one run or many, their tables, their key figures."""
