"""The API's error answers: a status, a type and a message that names the field."""

from dataclasses import dataclass, field
from typing import Any

TYPES_BY_STATUS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}


@dataclass
class ApiError(Exception):
    """A request refused, in the API's terms."""

    status: int
    message: str
    type: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.type = self.type or type_for(self.status)

    def body(self, request_id: str) -> dict[str, Any]:
        return {"type": "error", "error": {"type": self.type, "message": self.message}, "request_id": request_id}


def type_for(status: int) -> str:
    """Name the error type the API uses with a status."""
    return TYPES_BY_STATUS.get(status, "api_error" if status >= 500 else "invalid_request_error")


def invalid(where: str, message: str) -> ApiError:
    """Refuse a field by its path, e.g. `messages.0.content.1.text`."""
    return ApiError(400, f"{where}: {message}" if where else message)
