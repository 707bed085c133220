"""IonQ's JSON: circuits (`circuits`), jobs (`job`) and their JSON Schema (`schema`)."""
