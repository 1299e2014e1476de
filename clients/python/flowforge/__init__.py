"""Client of the API of compiled workflows and of ``flowc serve``.

Needs nothing but the standard library::

    from flowforge import FlowForgeClient

    client = FlowForgeClient(api_key="...", base_url="http://localhost:8000")
    started = client.flows.execute(input_variables={"order_id": "A-1"})
    ended = client.flows.wait(started["execution_id"])
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Dict, List, Mapping, Optional, TypedDict, Union, cast

__all__ = [
    "Execution",
    "ExecutionPage",
    "Finding",
    "FlowForgeClient",
    "FlowForgeError",
    "Flows",
    "NodeExecution",
    "Started",
    "Validation",
    "sign_webhook",
]

__version__ = "0.1.0"

#: Statuses after which an execution does not change any more.
FINAL = ("completed", "error", "cancelled")


class Finding(TypedDict):
    """Something that is wrong, or suspicious, in a workflow."""

    type: str
    node_id: Optional[str]
    field: Optional[str]
    message: str


class Validation(TypedDict):
    """What the checker says about a workflow."""

    valid: bool
    errors: List[Finding]
    warnings: List[Finding]
    metadata: Dict[str, Any]


class Started(TypedDict):
    """An execution that was accepted."""

    success: bool
    execution_id: str
    status: str


class NodeExecution(TypedDict):
    """One node of an execution.

    Until it has settled, ``last_error`` is why its last attempt failed, and ``next_attempt_at`` when the next one is due.
    """

    node_id: str
    status: str
    result: Any
    error: Optional[Dict[str, Any]]
    attempts: int
    last_error: Optional[Dict[str, Any]]
    next_attempt_at: Optional[str]
    execution_time: Optional[float]
    started_at: Optional[str]
    completed_at: Optional[str]


class Execution(TypedDict):
    """One execution. ``duration`` is in seconds, ``progress`` from 0 to 100."""

    execution_id: str
    flow_id: str
    status: str
    progress: int
    current_node: Optional[str]
    executed_nodes: List[NodeExecution]
    skipped_nodes: List[str]
    pending_nodes: List[str]
    failed_nodes: List[str]
    duration: float
    started_at: str
    completed_at: Optional[str]
    error_message: Optional[str]


class ExecutionPage(TypedDict):
    """Some of the executions, the newest first."""

    executions: List[Execution]
    total_count: int
    pagination: Dict[str, Any]


class FlowForgeError(Exception):
    """The server refused a request, or could not be reached (``status`` is 0 then)."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        code: str = "UNREACHABLE",
        details: Any = None,
        request_id: Optional[str] = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.details = details
        self.request_id = request_id


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """The API redirects nobody, and another server would be given the key: a redirect is an error with its status."""

    def redirect_request(self, *_: Any) -> None:
        return None


class FlowForgeClient:
    """A server with the API: a compiled workflow, or ``flowc serve``.

    ``timeout`` is in seconds, per request.
    """

    def __init__(
        self,
        api_key: str,
        base_url: str = "http://localhost:8000",
        *,
        timeout: float = 30.0,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.timeout = timeout
        self.flows = Flows(self)
        self._api_key = api_key
        self._opener = urllib.request.build_opener(_NoRedirects)

    def __repr__(self) -> str:
        # The key is shown to nobody.
        return f"FlowForgeClient(base_url={self.base_url!r})"

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """Calls the API and gives its answer. Raises :class:`FlowForgeError` for anything but 2xx."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base_url + path, data=data, method=method)
        request.add_header("Authorization", f"Bearer {self._api_key}")
        request.add_header("Accept", "application/json")
        if data is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with self._opener.open(request, timeout=self.timeout) as response:
                return _decoded(response.read(), response.status)
        except urllib.error.HTTPError as error:
            with error:
                raise _refused(error.code, error.read()) from None
        except http.client.HTTPException as error:
            raise FlowForgeError(f"the answer of {self.base_url} cannot be read: {error!r}") from error
        except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
            reason = getattr(error, "reason", error)
            raise FlowForgeError(f"{self.base_url} cannot be reached: {reason}") from error


class Flows:
    """What can be done with workflows and their executions."""

    def __init__(self, client: FlowForgeClient) -> None:
        self._client = client

    def validate(self, flow_data: Mapping[str, Any]) -> Validation:
        """Says everything that is wrong with a workflow; nothing is run."""
        return cast(Validation, self._client.request("POST", "/api/v1/flows/validate", flow_data))

    def execute(
        self,
        flow_data: Optional[Mapping[str, Any]] = None,
        input_variables: Optional[Mapping[str, Any]] = None,
        execution_options: Optional[Mapping[str, Any]] = None,
    ) -> Started:
        """Starts an execution, and does not wait for its end: see :meth:`wait`.

        ``flow_data`` may be left out for a compiled workflow: it knows the one it is.
        """
        body: Dict[str, Any] = {"input_variables": dict(input_variables or {})}
        if flow_data is not None:
            body["flow_data"] = flow_data
        if execution_options is not None:
            body["execution_options"] = execution_options
        return cast(Started, self._client.request("POST", "/api/v1/flows/execute", body))

    def get_execution_status(self, execution_id: str) -> Execution:
        """One execution as it stands now."""
        return cast(Execution, self._client.request("GET", _execution(execution_id)))

    def cancel(self, execution_id: str) -> Any:
        """Ends an execution; what is in flight is dropped."""
        return self._client.request("DELETE", _execution(execution_id))

    def list_executions(self, **filters: Union[str, int]) -> ExecutionPage:
        """Executions, the newest first. Filters: ``status``, ``limit``, ``offset``, ``start_date``, ``end_date``."""
        query = urllib.parse.urlencode(filters)
        path = "/api/v1/flows/executions" + (f"?{query}" if query else "")
        return cast(ExecutionPage, self._client.request("GET", path))

    def wait(self, execution_id: str, timeout: float = 600.0, interval: float = 0.1) -> Execution:
        """Waits for the end of an execution, up to ``timeout`` seconds.

        Asks again after ``interval`` seconds, and then less and less often, down to every 2 seconds. Raises
        ``TimeoutError`` when the execution still runs then; it goes on.
        """
        deadline = time.monotonic() + timeout
        while True:
            execution = self.get_execution_status(execution_id)
            if execution["status"] in FINAL:
                return execution
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"{execution_id} is still {execution['status']} after {timeout} s")
            time.sleep(min(interval, left))
            interval = min(interval * 1.5, 2.0)


def sign_webhook(secret: str, body: bytes) -> str:
    """The value of the header ``X-Signature`` for the raw body of a webhook call."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _execution(execution_id: str) -> str:
    return "/api/v1/flows/execution/" + urllib.parse.quote(execution_id, safe="")


def _decoded(body: bytes, status: int) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        raise FlowForgeError("the answer is not JSON", status=status, code="BAD_ANSWER") from None


def _refused(status: int, body: bytes) -> FlowForgeError:
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(error, dict):
        return FlowForgeError(f"HTTP {status}", status=status, code=f"HTTP_{status}")
    return FlowForgeError(
        str(error.get("message", f"HTTP {status}")),
        status=status,
        code=str(error.get("code", f"HTTP_{status}")),
        details=error.get("details"),
        request_id=answer.get("request_id") if isinstance(answer, dict) else None,
    )
