"""An OpenTelemetry collector in a process of its own: `python collector.py PORT FILE`. It decodes what comes with the
official protobuf and appends a JSON line a span to FILE; names of metrics go to FILE.metrics.
"""

import gzip
import json
from typing import Any

from google.protobuf.json_format import MessageToDict
from listening import Listener, listen
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


def plain(value: dict[str, Any]) -> Any:
    (kind, said), *_ = value.items()
    if kind == "arrayValue":
        return [plain(one) for one in said["values"]]
    return int(said) if kind == "intValue" else said


class Handler(Listener):
    def do_POST(self) -> None:  # noqa: N802 - the name that http.server calls
        body = gzip.decompress(self.body())
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
        self.answer(200)


if __name__ == "__main__":
    listen(Handler)
