"""What runs in containers of Gradescope and of Classroom 50: files that the report packs, and no part of the tool."""
