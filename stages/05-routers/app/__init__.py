"""A small blog in small modules: start it as `app.main:app`."""
