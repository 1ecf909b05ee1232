"""Reads an exposition on standard input with Prometheus' own Python parser and prints it as JSON.

    python read_metrics.py text|openmetrics
"""

import json
import math
import sys

from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics

read = {
    "text": parser.text_string_to_metric_families,
    "openmetrics": openmetrics.text_string_to_metric_families,
}[sys.argv[1]]

print(
    json.dumps(
        [
            {"name": sample.name, "labels": sample.labels, "value": sample.value}
            | (
                {
                    "exemplar": {
                        "name": sample.name,
                        "labels": sample.exemplar.labels,
                        "value": sample.exemplar.value,
                    }
                }
                if sample.exemplar
                else {}
            )
            for family in read(sys.stdin.read())
            for sample in family.samples
            if math.isfinite(sample.value)
        ]
    )
)
