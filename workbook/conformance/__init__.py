"""Compares an app with a model of the project: what the exercises' hidden tests share."""
