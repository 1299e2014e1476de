"""The client against a server of a few lines."""

import hashlib
import hmac
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from flowforge import FlowForgeClient, FlowForgeError, sign_webhook


class Server:
    def __init__(self):
        self.answers = []
        self.calls = []
        self.headers = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self):
                length = int(self.headers.get("content-length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                outer.calls.append((self.command, self.path, self.headers.get("authorization"), body))
                status, answer = outer.answers.pop(0)
                data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(data)))
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_DELETE = handle_any

            def log_message(self, *_):
                pass

        self.http = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.client = FlowForgeClient("key", f"http://127.0.0.1:{self.http.server_port}/", timeout=10)


@pytest.fixture
def server():
    server = Server()
    yield server
    server.http.shutdown()
    server.http.server_close()


def test_calls_are_what_the_api_documents(server):
    server.answers = [(200, {})] * 6
    flows = server.client.flows
    flows.validate({"nodes": []})
    flows.execute({"nodes": []}, {"a": 1}, {"timeout": 5})
    flows.execute(input_variables={"a": 1})
    flows.get_execution_status("exec-1/../2")
    flows.cancel("exec-1")
    flows.list_executions(status="error", limit=5)
    bearer = "Bearer key"
    execute = "/api/v1/flows/execute"
    assert server.calls == [
        ("POST", "/api/v1/flows/validate", bearer, {"nodes": []}),
        ("POST", execute, bearer, {"flow_data": {"nodes": []}, "input_variables": {"a": 1}, "execution_options": {"timeout": 5}}),
        ("POST", execute, bearer, {"input_variables": {"a": 1}}),
        ("GET", "/api/v1/flows/execution/exec-1%2F..%2F2", bearer, None),
        ("DELETE", "/api/v1/flows/execution/exec-1", bearer, None),
        ("GET", "/api/v1/flows/executions?status=error&limit=5", bearer, None),
    ]


def test_wait_asks_until_the_end(server):
    server.answers = [(200, {"status": "running"}), (200, {"status": "running"}), (200, {"status": "error"})]
    assert server.client.flows.wait("exec-1", interval=0.001)["status"] == "error"
    server.answers = [(200, {"status": "running"})]
    with pytest.raises(TimeoutError):
        server.client.flows.wait("exec-1", timeout=0)


def test_refusals_say_why(server):
    error = {"code": "WORKFLOW_MISMATCH", "message": "another workflow", "details": {"a": 1}}
    server.answers = [(422, {"error": error, "request_id": "r-1"}), (502, b"<html>")]
    with pytest.raises(FlowForgeError) as refused:
        server.client.flows.execute({})
    found = refused.value
    assert (found.status, found.code, found.message) == (422, "WORKFLOW_MISMATCH", "another workflow")
    assert (found.details, found.request_id, str(found)) == ({"a": 1}, "r-1", "another workflow")
    with pytest.raises(FlowForgeError, match="HTTP 502"):
        server.client.flows.execute({})


def test_a_server_that_is_not_there():
    with pytest.raises(FlowForgeError, match="cannot be reached") as refused:
        FlowForgeClient("secret-key", "http://127.0.0.1:9").flows.get_execution_status("exec-1")
    assert refused.value.status == 0
    assert "secret-key" not in repr(FlowForgeClient("secret-key"))


def test_a_redirect_is_an_error_and_the_key_stays(server):
    server.headers = {"location": server.client.base_url + "/elsewhere"}
    server.answers = [(302, {})]
    with pytest.raises(FlowForgeError) as refused:
        server.client.flows.list_executions()
    assert refused.value.status == 302
    assert [call[1] for call in server.calls] == ["/api/v1/flows/executions"]


@pytest.mark.parametrize("answer", [b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"])
def test_an_answer_that_is_cut_off_or_none(answer):
    def serve(listener):
        connection, _ = listener.accept()
        connection.recv(65536)
        connection.sendall(answer)
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        with pytest.raises(FlowForgeError, match="cannot be read") as refused:
            FlowForgeClient("key", f"http://127.0.0.1:{listener.getsockname()[1]}").flows.list_executions()
    assert refused.value.status == 0


def test_signatures_are_hmac_sha256_of_the_body():
    expected = hmac.new(b"s", b'{"a":1}', hashlib.sha256).hexdigest()
    assert sign_webhook("s", b'{"a":1}') == f"sha256={expected}"
