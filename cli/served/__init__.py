"""Commands on a town that `townlet serve` serves: what lets them in, and what they do otherwise than with a run."""
