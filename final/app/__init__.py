"""A small blog, ready for production: start it as `app.main:app`."""
