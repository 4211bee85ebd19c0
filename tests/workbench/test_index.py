from pytest_codemode.workbench.index import CodeIndex

CART = b'''\
"""Carts."""
RATE = 0.2
LIMIT: int = 3

class Cart:
    def total(self):
        return add(self.net(), RATE)

    def net(self):
        return 1

def add(a, b):
    return a + b
'''
SHOP = b"""\
from cart import Cart

def checkout(cart):
    if cart.total() > 3:
        return cart.total()

print(checkout(Cart()))
"""
INDEX = CodeIndex({"cart.py": CART, "shop.py": SHOP, "broken.py": b"def ("})


def found(name: str) -> list[tuple[str, int, int]]:
    return [(place.qualname, place.line, place.end_line) for place in INDEX.definitions(name)]


def test_a_definition_is_found_by_last_name_qualname_or_path() -> None:
    assert found("total") == found("Cart.total") == found("cart.py::Cart.total") == [("Cart.total", 6, 7)]
    assert found("shop.py::total") == found("otal") == []


def test_module_level_names_are_definitions_too() -> None:
    assert found("RATE") == [("RATE", 2, 2)]
    assert found("LIMIT") == [("LIMIT", 3, 3)]


def test_a_method_is_called_wherever_its_last_name_is_called() -> None:
    calls = INDEX.callers("Cart.total")
    assert [(call.path, call.line, call.qualname, call.text) for call in calls] == [
        ("shop.py", 4, "checkout", "if cart.total() > 3:"),
        ("shop.py", 5, "checkout", "return cart.total()"),
    ]
    assert [call.qualname for call in INDEX.callers("checkout")] == [""]


def test_names_of_some_lines_come_in_the_order_of_their_first_use() -> None:
    assert INDEX.used_in("cart.py", 6, 7) == ("add", "net", "self", "RATE")
    assert INDEX.used_in("broken.py", 1, 9) == ()


def test_every_definition_is_listed_by_file_and_line() -> None:
    assert [place.qualname for place in INDEX.all()] == [
        *("RATE", "LIMIT", "Cart", "Cart.total", "Cart.net", "add"),
        "checkout",
    ]
