"""How a newer extract renews a store: what was there, what has to be read, what is made of it, and what became of the rows."""
