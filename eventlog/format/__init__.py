"""The bytes of a log: frames, checksums, the digest chain, sealed segments, Parquet files, upcasters."""
