"""Remembers: the event log of a town, from the row of one event to the run directory on disk.

What is where:

* `rows` is the row, `arrow` its columns, `catalogue` what each kind of event means;
* `chain` is the digest of the history, `layout` and `frames` its bytes on disk, `head` how far they are committed;
* `writer` appends, `reader` reads while it does, `recovery` repairs a torn tail, `lock` keeps writers apart;
* `manifest` says what a run is, `checkpoints` keeps folds of it;
* `run_folders` tells runs from what is half made, `publishing` puts files in their places whole;
* `stores` reads runs on object stores, `copying` takes them there, `places` says where what is.

Import what you need from the module that holds it: this package imports none of them, so that code which only reads
never loads the writer.
"""
