"""What a learner does: the copy in work/, the progress, the check of one step, the loop that watches for saves."""
