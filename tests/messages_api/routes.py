"""Which path is which endpoint."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .errors import ApiError, invalid
from .validation import find_model

if TYPE_CHECKING:
    from .server import MessagesServer

BATCHES = "/v1/messages/batches"


def answer_post(server: "MessagesServer", path: str, body: Any) -> Any:
    """Answer a POST with JSON or with a step of the script."""
    if path == "/v1/messages":
        server.service.check(body)
        return server.service.answer(body)
    if path == "/v1/messages/count_tokens":
        return server.service.count(body)
    if path == BATCHES:
        return server.batches.create(body).wire(server.url)
    if path.startswith(f"{BATCHES}/") and path.endswith("/cancel"):
        return server.batches.cancel(path.removeprefix(f"{BATCHES}/").removesuffix("/cancel")).wire(server.url)
    raise _no_such_path(path)


def answer_get(server: "MessagesServer", method: str, path: str, query: Mapping[str, str]) -> Any:
    """Answer a GET or DELETE."""
    if method not in {"GET", "DELETE"} or path in {"/v1/messages", "/v1/messages/count_tokens"}:
        raise ApiError(405, "Method Not Allowed")
    name = path.removeprefix(f"{BATCHES}/")
    if method == "DELETE" and name != path:
        return server.batches.delete(name)
    if method == "GET" and name != path:
        if name.endswith("/results"):
            return server.batches.results(name.removesuffix("/results"))
        return server.batches.poll(name).wire(server.url)
    if path == BATCHES:
        return page([batch.wire(server.url) for batch in server.batches.newest_first()], query)
    if path == "/v1/models":
        return page([model.info() for model in server.service.models.values()], query)
    if path.startswith("/v1/models/"):
        return find_model(path.removeprefix("/v1/models/"), server.service.models).info()
    raise _no_such_path(path)


def page(items: list[dict[str, Any]], query: Mapping[str, str]) -> dict[str, Any]:
    """Cut a list as `limit`, `after_id` and `before_id` say."""
    limit = query.get("limit", "20")
    if not limit.isdigit() or not 1 <= int(limit) <= 1000:
        raise invalid("limit", "Input should be between 1 and 1000")
    ids = [item["id"] for item in items]
    if "after_id" in query and query["after_id"] in ids:
        items = items[ids.index(query["after_id"]) + 1 :]
    if "before_id" in query and query["before_id"] in ids:
        items = items[: ids.index(query["before_id"])]
    shown = items[: int(limit)]
    return {
        "data": shown,
        "has_more": len(items) > len(shown),
        "first_id": shown[0]["id"] if shown else None,
        "last_id": shown[-1]["id"] if shown else None,
    }


def _no_such_path(path: str) -> ApiError:
    return ApiError(404, f"Not Found: {path}")
