"""A local service that speaks IonQ's API: `qstorec ionq serve`.

From the outside in:

* `http_server`: sockets, on loopback only; `adapter`: the same without sockets, for `requests`.
* `service.IonqService`: one request in, one reply out (`messages`), with injected `faults`; `guard`
  keeps mistakes of our own from ending it.
* `routes`, `job_routes`: the paths of v0.4 and v0.3; `job_views`: jobs as JSON; `sessions`.
* `intake`: what a body must be; `preflight`: what a machine takes (`machines`); `charges`: prices.
* `jobs`: what happens to jobs in the store; `worker`: runs them one after another.
* `runs`: what a backend does with circuits: `reading`, `noise`, `simulation`, `outcomes`.
* `store`: everything that lasts, in one SQLite file.

No clock, random number or file is used behind the service's back, so tests decide all of them.
"""
