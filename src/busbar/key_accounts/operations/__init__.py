"""The room's use cases, a file each; faces import the module of the use case."""
