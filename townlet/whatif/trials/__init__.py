"""Randomised trials: a plan made beforehand, arms that live on from one moment, and what each arm did."""
