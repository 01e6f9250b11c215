"""The event log of a town, from the row of one event to the run's folder on disk.

* `rows`: the row of an event; `arrow`: its columns; `catalogue`: what each kind of event means;
* `chain`: the digest of the history; `layout` and `frames`: its bytes on disk; `head`: how far they are committed;
* `writer` appends, `reader` reads at the same time, `recovery` repairs a torn tail, `lock` lets one writer in;
* `manifest` describes the run, `checkpoints` keeps folded states of it;
* `run_folders` tells runs from half-made ones; `publishing` puts whole files in their places;
* `stores` reads runs on object stores, `copying` copies runs there, `places` names folders and URIs in messages.

Import what you need from the module that holds it: this package imports none of them, so that code which only reads
never loads the writer.
"""
