"""Tests of how tests are run for learners and authors."""
