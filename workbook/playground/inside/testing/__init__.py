"""The course's own tests in the page: pytest, the plugin's fixtures and uvicorn, with nothing but a socket replaced."""
