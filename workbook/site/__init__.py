"""The site: what mkdocs can't know about the course, made from the course at build, and the theme."""
