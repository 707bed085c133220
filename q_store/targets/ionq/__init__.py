"""IonQ's machines: what they are, what they cost, and programs bound for them."""
