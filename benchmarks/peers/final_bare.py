"""final's routes with nothing around them. Started with final/ on PYTHONPATH: its package is called `app`."""

from importlib import import_module

from fastapi import FastAPI

app = FastAPI()
for name in ("auth", "users", "posts", "uploads", "internal"):
    app.include_router(import_module(f"app.routers.{name}").router)
