"""What an operator meets: uvicorn with its settings and workers, outages, full disks, load, and hostile clients."""
