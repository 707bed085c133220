"""IonQ's machines, or a local service in their place, as backends.

* `options`: shots, mitigation, metadata, limits; `ionq_backend` names a backend with its own.
* `program.IonqProgram`: expectation values, probabilities, samples and gradients by circuits.
* `measuring`: which circuits an executable needs; `runner.Runner`: sends them as one job.
* `local`: the service of this process behind `ionq.local`.
"""
