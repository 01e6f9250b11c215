"""Flight SQL, read-only: what clients of ADBC and JDBC ask, and what they are answered."""
