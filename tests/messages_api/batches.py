"""Message Batches: requests kept, played from the script when the batch ends, and read back as JSON lines."""

import datetime
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import ApiError, invalid, type_for
from .fields import check_fields, mapping, matching, sequence
from .service import Answered, Service
from .steps import Expired, Failure

MAX_REQUESTS = 100_000
STATES = ("processing", "succeeded", "errored", "canceled", "expired")


@dataclass
class Batch:
    """One batch and how far it is."""

    id: str
    requests: list[dict[str, Any]]
    created: datetime.datetime
    polls_left: int
    cancel_initiated: datetime.datetime | None = None
    ended: datetime.datetime | None = None
    results: list[dict[str, Any]] = field(default_factory=list)

    def wire(self, base_url: str) -> dict[str, Any]:
        counts = dict.fromkeys(STATES, 0)
        counts["processing"] = 0 if self.ended else len(self.requests)
        for line in self.results:
            counts[line["result"]["type"]] += 1
        return {
            "id": self.id,
            "type": "message_batch",
            "processing_status": "ended" if self.ended else "canceling" if self.cancel_initiated else "in_progress",
            "request_counts": counts,
            "created_at": stamp(self.created),
            "expires_at": stamp(self.created + datetime.timedelta(hours=24)),
            "ended_at": stamp(self.ended),
            "cancel_initiated_at": stamp(self.cancel_initiated),
            "archived_at": None,
            "results_url": f"{base_url}/v1/messages/batches/{self.id}/results" if self.ended else None,
        }


def stamp(moment: datetime.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


class Batches:
    """The batches of one server, in order of creation."""

    def __init__(self, service: Service, polls: int) -> None:
        self._service = service
        self._polls = polls
        self._batches: dict[str, Batch] = {}
        self._lock = threading.Lock()

    def create(self, body: Any) -> Batch:
        """Accept a batch; its requests' parameters are checked only when they are processed."""
        check_fields("", body, {"requests": sequence}, {})
        requests = body["requests"]
        if not 1 <= len(requests) <= MAX_REQUESTS:
            raise invalid("requests", f"List should have between 1 and {MAX_REQUESTS} items")
        for index, request in enumerate(requests):
            path = f"requests.{index}"
            check_fields(path, request, {"custom_id": matching("[a-zA-Z0-9_-]{1,64}"), "params": mapping}, {})
        names = [request["custom_id"] for request in requests]
        if len(set(names)) != len(names):
            raise invalid("requests", "custom_id must be unique within a batch")
        batch = Batch(self._service.new_id("msgbatch_"), requests, now(), self._polls)
        with self._lock:
            self._batches[batch.id] = batch
        return batch

    def poll(self, name: str) -> Batch:
        """Look at a batch; it ends when it was looked at often enough."""
        with self._lock:
            batch = self.find(name)
            if batch.ended is None and batch.polls_left <= 0:
                self._end(batch)
            batch.polls_left -= 1
            return batch

    def cancel(self, name: str) -> Batch:
        with self._lock:
            batch = self.find(name)
            if batch.ended:
                raise ApiError(400, f"Batch {name} has ended and cannot be canceled")
            batch.cancel_initiated = batch.cancel_initiated or now()
            return batch

    def results(self, name: str) -> bytes:
        batch = self.find(name)
        if not batch.ended:
            raise ApiError(404, f"Results of batch {name} are not available before it has ended")
        # The API gives no order either; backwards, a client that relies on one is found out.
        return b"".join(json.dumps(line).encode() + b"\n" for line in reversed(batch.results))

    def delete(self, name: str) -> dict[str, str]:
        with self._lock:
            if not self.find(name).ended:
                raise ApiError(400, f"Batch {name} is still processing; cancel it before it is deleted")
            del self._batches[name]
        return {"id": name, "type": "message_batch_deleted"}

    def newest_first(self) -> list[Batch]:
        return list(reversed(self._batches.values()))

    def find(self, name: str) -> Batch:
        if name not in self._batches:
            raise ApiError(404, f"Message Batch {name} not found")
        return self._batches[name]

    def _end(self, batch: Batch) -> None:
        canceled: Mapping[str, Any] = {"type": "canceled"}
        for request in batch.requests:
            result = canceled if batch.cancel_initiated else self._process(request["params"])
            batch.results.append({"custom_id": request["custom_id"], "result": result})
        batch.ended = now()

    def _process(self, params: dict[str, Any]) -> dict[str, Any]:
        """Play the script for one request."""
        try:
            self._service.check(params)
            if params.get("stream"):
                raise invalid("stream", "Streaming is not supported in batches")
        except ApiError as error:
            return self._errored(error)
        answer = self._service.answer(params, tier="batch")
        if isinstance(answer, Answered):
            return {"type": "succeeded", "message": answer.message}
        if isinstance(answer, Expired):
            return {"type": "expired"}
        if isinstance(answer, Failure):
            return self._errored(ApiError(answer.status, answer.message, answer.type or type_for(answer.status)))
        return self._errored(ApiError(500, f"{type(answer).__name__} has no meaning in a batch"))

    def _errored(self, error: ApiError) -> dict[str, Any]:
        return {"type": "errored", "error": error.body(self._service.new_id("req_"))}
