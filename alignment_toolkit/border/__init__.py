"""The data border: what people send is read, checked once with all faults collected, and only then called canonical."""
