"""Real servers for the tests: started on demand, on loopback, thrown away afterwards."""
