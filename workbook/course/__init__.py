"""The course as files: steps and their promises, experiments, tasks, exercises and their points."""
