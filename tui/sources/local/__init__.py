"""Training jobs on this machine: a folder a job, a supervisor process a job, and the Source that reads the folders."""
