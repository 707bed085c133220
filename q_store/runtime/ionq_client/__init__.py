"""A client of IonQ's service: `q_store.ionq` has its public names."""
