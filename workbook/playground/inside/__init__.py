"""What runs in the reader's browser around the stage's app: only the standard library, and relative imports.

The tests run the same modules beside uvicorn: one syntax of requests and one judgement of replies, in both places.
"""
