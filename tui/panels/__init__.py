"""The panels: each a pure function from a view to lines. They know no Textual."""
