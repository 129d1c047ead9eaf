"""The playground: the stages' own code, run inside the page by the real FastAPI.

`vendor` fetches what the browser needs and makes bundles of it, `examples` says what each stage shows there,
`site` puts both into the site. `inside/` is Python that runs in the reader's browser, and in the tests beside uvicorn.
"""
