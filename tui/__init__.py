"""Shows a town: the Textual observer of a run, live or recorded; the package is empty until the observer lands."""
