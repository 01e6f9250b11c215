"""The tables of SQL as they are declared, by subject; `townlet.asking.tables` lists them all."""
