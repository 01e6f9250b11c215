"""What is asked and answered over the stage. Screens know no run: they are told rows, and ask by futures."""
