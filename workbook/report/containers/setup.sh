#!/usr/bin/env bash
# What Gradescope runs once, when it makes the container: Python and the packages that the public tests need.
set -eu
[ -d /autograder/source/course ] || exit 0
apt-get update && apt-get install --yes python3-pip
python3 -m pip install --quiet --break-system-packages uv || python3 -m pip install --quiet uv
UV_PYTHON_INSTALL_DIR=/opt/python UV_PROJECT_ENVIRONMENT=/autograder/venv uv sync --directory /autograder/source/course
chmod --recursive a+rX /autograder/source/course /autograder/source/public_tests.py /autograder/venv
