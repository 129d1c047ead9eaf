"""What people hand in: reading zips and folders, packing an exercise, snapshots for the grader."""
