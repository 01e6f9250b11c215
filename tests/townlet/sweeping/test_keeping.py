"""Towns of a sweep that are kept on an object store."""

import pyarrow.fs

import townlet
from tests.eventlog.folder.test_stores import apart, endpoint
from tests.townlet.sweeping.small import small

__all__ = ["apart", "endpoint"]


def test_towns_go_to_a_store(endpoint: str) -> None:
    system = pyarrow.fs.S3FileSystem(endpoint_override=endpoint, scheme="http", allow_bucket_creation=True)
    system.create_dir("swept")
    query = f"?scheme=http&endpoint_override={endpoint}"
    plain = townlet.sweep(small(seeds=1), jobs=1).rows["log_digest"].to_pylist()
    for _ in "twice":  # the second time the towns are there already
        found = townlet.sweep(small(seeds=1), keep=f"s3://swept/towns{query}", jobs=1)
        assert found.failed.num_rows == 0
    runs = [townlet.open(f"s3://swept/towns/{name}{query}") for name in found.rows["run"].to_pylist()]
    assert [run.log_digest for run in runs] == found.rows["log_digest"].to_pylist() == plain
    assert len(set(plain)) == 2
