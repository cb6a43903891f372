"""`/api/v1`: the use cases for programs; the canvasser's app and the desk are the first of them."""
