"""Social stages of a training file: plan, check and edit them; a stage that pays needs a soak that passed."""
