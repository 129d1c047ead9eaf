"""final's routes with what many tutorials put around them: a function per concern, each a BaseHTTPMiddleware."""

import time
from importlib import import_module

from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from starlette.middleware.base import RequestResponseEndpoint

app = FastAPI()
app.add_middleware(
    CORSMiddleware,
    allow_origins=["http://localhost:3000"],
    allow_credentials=True,
    allow_methods=["*"],
    allow_headers=["*"],
)


@app.middleware("http")
async def log_requests(request: Request, call_next: RequestResponseEndpoint) -> Response:
    print(f"→ {request.method} {request.url}")
    response = await call_next(request)
    print(f"← {response.status_code}")
    return response


@app.middleware("http")
async def time_requests(request: Request, call_next: RequestResponseEndpoint) -> Response:
    started = time.time()
    response = await call_next(request)
    response.headers["X-Process-Time"] = f"{round((time.time() - started) * 1000, 2)}ms"
    return response


@app.middleware("http")
async def add_security_headers(request: Request, call_next: RequestResponseEndpoint) -> Response:
    response = await call_next(request)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    return response


for name in ("auth", "users", "posts", "uploads", "internal"):
    app.include_router(import_module(f"app.routers.{name}").router)
