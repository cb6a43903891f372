"""What the programme allows and asks: the training gate, names, categories, readiness."""
