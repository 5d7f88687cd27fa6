"""An OpenTelemetry collector in a process of its own: `python collector.py PORT FILE`. It decodes what comes with the
official protobuf and appends a JSON line a span to FILE; names of metrics go to FILE.metrics.
"""

import gzip
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


def plain(value: dict[str, Any]) -> Any:
    (kind, said), *_ = value.items()
    if kind == "arrayValue":
        return [plain(one) for one in said["values"]]
    return int(said) if kind == "intValue" else said


class Handler(BaseHTTPRequestHandler):
    file: Path

    def do_POST(self) -> None:
        body = gzip.decompress(self.rfile.read(int(self.headers["content-length"])))
        if self.path == "/v1/traces":
            said = ExportTraceServiceRequest.FromString(body)
            spans = [span for one in said.resource_spans for scope in one.scope_spans for span in scope.spans]
            with self.file.open("a") as target:
                for span in spans:
                    found = MessageToDict(span)
                    found["attributes"] = {one["key"]: plain(one["value"]) for one in found.get("attributes", [])}
                    found |= {
                        "trace": span.trace_id.hex(),
                        "span": span.span_id.hex(),
                        "parent": span.parent_span_id.hex(),
                    }
                    target.write(json.dumps(found) + "\n")
        else:
            metrics = MessageToDict(ExportMetricsServiceRequest.FromString(body))
            with self.file.with_suffix(".metrics").open("a") as target:
                target.write(json.dumps(metrics) + "\n")
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    Handler.file = Path(sys.argv[2])
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    server.daemon_threads = True
    server.serve_forever()
