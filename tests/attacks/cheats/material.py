"""All cheats together."""

from tests.attacks.cheats.answers import ANSWERS
from tests.attacks.cheats.around_tests import AROUND_TESTS
from tests.attacks.cheats.objects import OBJECTS
from tests.attacks.cheats.surroundings import SURROUNDINGS

CHEATS = (*AROUND_TESTS, *ANSWERS, *OBJECTS, *SURROUNDINGS)
REFUSED = tuple(cheat for cheat in CHEATS if not cheat.look_twice)
DOUBTFUL = tuple(cheat for cheat in CHEATS if cheat.look_twice)
"""What honest repairs do too: it is not refused, but ranked behind everything else and marked."""
