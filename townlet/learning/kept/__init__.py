"""What a training keeps on disk: its manifest, checkpoints and metrics; and where two trainings part."""
