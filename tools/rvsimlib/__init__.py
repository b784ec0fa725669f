"""What rvsim-ci and rvsim-sweep share. Python 3.11, nothing but its standard library."""
