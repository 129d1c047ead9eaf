import os

from fastapi import FastAPI, HTTPException

app = FastAPI()
GREETING = os.environ.get("GREETING", "Hello")


@app.get("/hello/{name}")
async def hello(name: str) -> dict[str, str]:
    if name == "nobody":
        raise HTTPException(404, "Nobody is here")
    return {"greeting": f"{GREETING} {name}"}


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}
