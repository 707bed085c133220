"""Codes of IonQ's JSON and of jobs at its service, from QS730 on."""

from __future__ import annotations

from typing import Final

from q_store.qir.explanation import Explanation

IONQ_SERVICE: Final[dict[str, Explanation]] = {
    "QS730": Explanation(
        "parameters without a value",
        "IonQ's JSON holds numbers only. Every parameter needs one, arrays as nested lists.",
        "to_ionq_json(circuit)",
        "to_ionq_json(circuit, values={'theta': 0.3})",
    ),
    "QS731": Explanation(
        "circuit that IonQ's formats cannot express",
        "`ionq.circuit.v1` is a list of gates on fresh qubits, all of which are measured at its "
        "end; `ionq.qasm3.v1` has measurements in the middle and resets too. Conditions and noise "
        "channels have no place in either, and native gates none in the second.",
    ),
    "QS732": Explanation(
        "unusable option of a job",
        "The message names the option, what it may be and what came.",
        "to_ionq_json(circuit, noise='forte')",
        "to_ionq_json(circuit, noise='forte-1')",
    ),
    "QS733": Explanation(
        "too much for one job",
        "A job holds at most 5000 circuits with 150000 gates in total, and its JSON at most 10 MB. "
        "`IonQClient.submit_all` distributes"
        " circuits over several jobs.",
    ),
    "QS734": Explanation(
        "few shots for debiasing",
        "IonQ debiases jobs from 500 shots on; with fewer the flag has no effect.",
    ),
    "QS735": Explanation(
        "JSON of IonQ that cannot be read",
        "The message names the place in the document, such as `$.input.circuit[3].target`.",
        '{"gate": "h", "target": "0"}',
        '{"gate": "h", "target": 0}',
    ),
    "QS736": Explanation(
        "JSON of IonQ that deviates from the format",
        "Some tools write fields that the published format does not have, such as `phase` for the "
        "angle of a native `zz`. They are understood unless `strict` is asked for.",
        "from_ionq_json(text, strict=True)",
        "from_ionq_json(text)",
    ),
    "QS740": Explanation(
        "no key",
        "Jobs need a key of IonQ's service. It is given as an argument, by `q_store.configure` or "
        "by the variable IONQ_API_KEY, and never stored, printed or logged.",
        "IonQClient()",
        "IonQClient(api_key=...)  # or export IONQ_API_KEY=...",
    ),
    "QS741": Explanation(
        "key refused",
        "The service does not accept the key, or the key may not do this.",
    ),
    "QS742": Explanation(
        "quota exhausted",
        "The account has used up what it may use, or its contract has ended.",
    ),
    "QS743": Explanation(
        "request refused",
        "The service refused the request; the message has its code and its words.",
    ),
    "QS744": Explanation(
        "service unreachable",
        "There was no usable answer, however often the request was repeated. Reading may be "
        "repeated at any time; a job that was submitted goes on without us.",
    ),
    "QS745": Explanation(
        "unknown whether a job was accepted",
        "The answer to a submission was lost, and the service cannot be asked whether it has the "
        "job. Nothing was sent again, so that nothing is paid twice. The message has the tag of "
        "the job: `IonQClient.find(tag)` or `qstorec ionq status --tag TAG` looks for it.",
    ),
    "QS746": Explanation(
        "job failed",
        "The service ran the job without success; the message has its code and its words.",
    ),
    "QS747": Explanation("job cancelled", "The job was cancelled, so it has no results."),
    "QS748": Explanation(
        "job not finished in time",
        "The time to wait is over. The job goes on; wait again, or cancel it.",
    ),
    "QS749": Explanation(
        "answer not understood",
        "The service answered something that is no JSON, or that lacks what it should have.",
    ),
    "QS750": Explanation(
        "too many requests",
        "The service still refuses requests because there were too many, after waiting as long as "
        "it asked.",
    ),
    "QS751": Explanation(
        "results that are not there",
        "The job has no results of this kind (yet): it has not finished, or was a dry run.",
    ),
    "QS752": Explanation(
        "client closed",
        "The client was closed; jobs that waited in its queue were not sent.",
    ),
    "QS753": Explanation(
        "unknown whether a job was accepted twice",
        "After every submission the service is asked for jobs with the same tag, because a network "
        "may deliver a request twice; a second one is cancelled. This time that did not work. "
        "`qstorec ionq status --tag TAG` tries again.",
    ),
}
