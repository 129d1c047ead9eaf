# hidden-from-learners-3b9f51c2
