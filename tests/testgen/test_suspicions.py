from pytest_codemode.core.exploring import (
    Described,
    Import,
    Observation,
    Parameter,
    Raised,
    Recipe,
    Shape,
    Shown,
)
from pytest_codemode.testgen.conforming import contradicts
from pytest_codemode.testgen.program import as_program
from pytest_codemode.testgen.relations import broken, promises
from pytest_codemode.testgen.subject import Tried
from pytest_codemode.testgen.suspicions import each_once, suspicion

INT, STR, NONE = Shape("int"), Shape("str"), Shape("none")
LIST = Shape("list", items=(INT,))


FLOAT = Shape("float")


def mean(returns=FLOAT, doc="", shape=LIST):
    return Described(
        "stats.py", "stats", "mean", 10, parameters=(Parameter("values", shape=shape),), returns=returns, doc=doc
    )


def raising(name, *, explicit=False, origin="type", call="mean([])"):
    raised = Raised(f"builtins:{name}", "division by zero", path="stats.py", line=12, explicit=explicit)
    recipe = Recipe("1", "mean", call, (Import("stats", "mean"),), origin=origin)
    return Tried(recipe, Observation("1", "raised", raised=raised), frozenset())


def returning(text, kind="int", call="mean([1])", shown="literal"):
    recipe = Recipe("1", "mean", call, (Import("stats", "mean"),))
    return Tried(recipe, Observation("1", "returned", Shown(shown, text, f"builtins:{kind}")), frozenset())


def test_an_operation_that_fails_on_an_input_of_the_annotated_type_is_suspicious():
    bug = suspicion(mean(), raising("ZeroDivisionError"))
    assert (bug.kind, bug.path, bug.line) == ("exception", "stats.py", 12)
    assert bug.call == "from stats import mean\nmean([])"
    assert bug.actual == "raises ZeroDivisionError: division by zero"


def test_what_the_function_raises_itself_is_meant():
    assert suspicion(mean(), raising("ZeroDivisionError", explicit=True)) is None


def test_what_the_docstring_names_is_meant():
    assert suspicion(mean(doc="Raises ZeroDivisionError if empty."), raising("ZeroDivisionError")) is None


def test_nonsense_input_shows_nothing():
    assert suspicion(mean(shape=Shape("any")), raising("TypeError", call="mean(3)")) is None
    assert suspicion(mean(), raising("IndexError", origin="mutation")) is None


def test_an_unbound_name_is_suspicious_whatever_the_input():
    assert suspicion(mean(shape=Shape("any")), raising("UnboundLocalError", origin="mutation")) is not None


def test_a_result_of_another_type_than_annotated_is_suspicious():
    bug = suspicion(mean(returns=STR), returning("None", "NoneType"))
    assert (bug.kind, bug.expected, bug.actual) == ("annotation", "str (its annotation)", "None")


def test_what_an_example_makes_of_the_result_is_not_the_result():
    assert suspicion(mean(returns=STR), returning("True", "bool", "mean([1]) == 'a'")) is None


def test_numbers_conform_as_the_numeric_tower_says():
    assert not contradicts(Shape("float"), Shown("literal", "1", "builtins:int"))
    assert not contradicts(INT, Shown("literal", "True", "builtins:bool"))
    assert contradicts(INT, Shown("float", "1.5", "builtins:float"))


def test_a_union_is_contradicted_by_none_of_its_members_alone():
    optional = Shape("union", items=(STR, NONE))
    assert not contradicts(optional, Shown("literal", "None", "builtins:NoneType"))
    assert contradicts(optional, Shown("literal", "3", "builtins:int"))


def test_elements_are_looked_at():
    assert contradicts(LIST, Shown("literal", "[1, 'a']", "builtins:list"))
    assert not contradicts(LIST, Shown("literal", "[1, 2]", "builtins:list"))
    pairs = Shape("dict", items=(STR, INT))
    assert contradicts(pairs, Shown("literal", "{'a': 'b'}", "builtins:dict"))


def test_objects_and_what_is_not_annotated_are_not_contradicted():
    assert not contradicts(Shape("any"), Shown("literal", "3", "builtins:int"))
    assert not contradicts(STR, Shown("object", "", "shop:Text"))


def test_one_bug_of_a_kind_is_reported_for_a_place():
    one = suspicion(mean(), raising("ZeroDivisionError"))
    two = suspicion(mean(), raising("ZeroDivisionError", call="mean([0])"))
    assert list(each_once([one, two])) == [one]


def came(value):
    return Observation("1", "returned", value)


def function(name):
    return Described("codec.py", "codec", name, 1, parameters=(Parameter("text", shape=STR),))


def calls(name, argument, text):
    recipe = Recipe("1", name, f"{name}({argument})", (Import("codec", name),))
    return {name: [Tried(recipe, Observation("1", "returned", Shown("literal", text, "builtins:str")), frozenset())]}


def test_an_inverse_has_to_give_back_what_went_in():
    (promise,) = promises([function("encode_name"), function("decode_name")], calls("encode_name", "'a b'", "'a+b'"))
    assert promise.recipe.call == "decode_name(encode_name('a b'))"
    assert {one.name for one in promise.recipe.imports} == {"encode_name", "decode_name"}
    bug = broken(promise, came(Shown("literal", "'a+b'", "builtins:str")))
    assert (bug.kind, bug.function, bug.actual) == ("round trip", "decode_name", "'a+b'")
    assert broken(promise, came(Shown("literal", "'a b'", "builtins:str"))) is None


def test_a_promise_is_tried_on_every_call_that_may_become_a_test():
    many = [calls("encode_name", repr(f"a{number}"), "'x'")["encode_name"][0] for number in range(40)]
    found = list(promises([function("encode_name"), function("decode_name")], {"encode_name": many}))
    assert [one.expected.text for one in found] == [repr(f"a{number}") for number in range(40)]


def test_another_type_shows_that_nothing_was_promised():
    (promise,) = promises([function("to_text"), function("from_text")], calls("to_text", "'a'", "'b'"))
    assert broken(promise, came(Shown("literal", "3", "builtins:int"))) is None


def test_to_normalise_twice_is_to_normalise_once():
    promise, *_ = promises([function("normalize_title")], calls("normalize_title", "'A  B'", "'a b'"))
    assert promise.recipe.call == "normalize_title(normalize_title('A  B'))"
    assert broken(promise, came(Shown("literal", "'a'", "builtins:str"))).kind == "idempotence"
    assert broken(promise, came(Shown("literal", "'a b'", "builtins:str"))) is None


def test_a_call_with_setup_is_a_program_that_can_be_pasted():
    recipe = Recipe(
        "1", "Cart.add", "cart.add(item)", (Import("shop", "Cart"),), (("cart", "Cart()"), ("_", "cart.open()"))
    )
    assert as_program(recipe) == "from shop import Cart\ncart = Cart()\ncart.open()\ncart.add(item)"


def test_a_text_that_is_often_reduced_in_part_is_tried_twice():
    found = list(promises([function("normalize_title")], calls("normalize_title", "'A  B'", "'a b'")))
    repeated = next(one for one in found if "a   b    c" in one.recipe.call)
    assert repeated.recipe.call == "normalize_title(normalize_title('a   b    c')) == normalize_title('a   b    c')"
    assert broken(repeated, came(Shown("literal", "False", "builtins:bool"))).kind == "idempotence"
    assert broken(repeated, came(Shown("literal", "True", "builtins:bool"))) is None


def test_an_inverse_that_refuses_what_it_should_take_is_suspicious_on_plausible_input():
    (promise,) = promises([function("encode"), function("decode")], calls("encode", "'x=y'", "'x=y'"))
    raised = Observation("1", "raised", raised=Raised("builtins:ValueError", "too many", path="codec.py", line=3))
    assert broken(promise, raised).actual == "raises ValueError: too many"


def test_an_argument_of_another_type_than_annotated_shows_nothing():
    assert suspicion(mean(), raising("TypeError", call="mean('hello')")) is None
    stand_in = Shape("class", "shop:Cart")
    assert suspicion(mean(shape=stand_in), raising("AttributeError", call="mean(SimpleNamespace(total=1))")) is None
