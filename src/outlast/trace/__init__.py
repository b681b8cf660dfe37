"""Jobs drawn from their histories: what each worker did when, what was cut, and who took it up."""
