"""Reading and running a learner's code: its containers and functions, what they use, and what they change."""
