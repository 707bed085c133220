"""A local service that speaks IonQ's API: `qstorec ionq serve`.

From the outside in:

* `http_server`: sockets, on loopback only; `adapter`: the same without sockets, for `requests`.
* `service.IonqService`: one request in, one reply out (`messages`), with injected `faults`.
* `routes`, `job_routes`: the paths of v0.4 and v0.3; `job_views`: jobs as JSON.
* `intake`: what a body must be; `preflight`: what a machine takes; `charges`: what it costs.
* `worker`: runs jobs one after another; `simulation` and `outcomes`: circuits to results.
* `store`: everything that lasts, in one SQLite file.

No clock, random number or file is used behind the service's back, so tests decide all of them.
"""
