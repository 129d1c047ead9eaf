"""The site: what mkdocs cannot know of the course, made from it at build, and the theme."""
