"""The embedded AWS: a child process with moto's server and jobs that live."""
