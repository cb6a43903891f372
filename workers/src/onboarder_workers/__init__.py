"""Workers: the only code that knows arq. Redis wakes them; what is to be done stands in the database."""
