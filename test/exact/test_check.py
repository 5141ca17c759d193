"""What check.py lets pass, and what not."""

import unittest

from check import Rules, matches
from frames import Frame
from truth import INTERRUPTED, MUSTTAIL, Link


def frames(*places):
    return [Frame(label, line, False, label, "main.c") for label, line in places]


class Interruptions(unittest.TestCase):
    """A handler that came in `inner`, which `outer` called."""

    def chain(self, inline):
        return [Link("handler", 1, 1, 0, "never"), Link("inner", 2, 2, INTERRUPTED, inline),
                Link("outer", 3, 3, 0, "never"), Link("main", 4, 4, 0, "never")]

    def fits(self, inline, level, *places):
        return matches(self.chain(inline), frames(*places, ("main", 4)), Rules(level), False)

    def test_function_of_its_own(self):
        for level in ("O0", "O2"):
            outer = ("outer", 3)
            self.assertTrue(self.fits("never", level, ("handler", 1), ("inner", 9), outer))
            self.assertTrue(self.fits("never", level, ("handler", 1), outer))
            self.assertFalse(self.fits("never", level, ("handler", 1)))
            self.assertFalse(self.fits("never", level, ("handler", 1), ("outer", 9)))

    def test_inlined_function(self):
        """Then it is `outer` that was interrupted."""
        for inline, level, may in (("maybe", "O2", True), ("maybe", "O0", False),
                                   ("always", "O0", True), ("any", "O0", True)):
            self.assertEqual(self.fits(inline, level, ("handler", 1)), may)
            self.assertEqual(self.fits(inline, level, ("handler", 1), ("outer", 9)), may)
            self.assertTrue(self.fits(inline, level, ("handler", 1), ("outer", 3)))

    def test_goes_no_further(self):
        self.assertFalse(matches(self.chain("maybe"), frames(("handler", 1)), Rules("O2"), False))


class MustTail(unittest.TestCase):
    """`outer` calls `inner` by a jump."""

    def fits(self, inline, level, *places):
        chain = [Link("inner", 1, 1, 0, inline), Link("outer", 2, 2, MUSTTAIL, "never"),
                 Link("main", 3, 3, 0, "never")]
        return matches(chain, frames(("inner", 1), *places, ("main", 3)), Rules(level), False)

    def test_caller_is_gone(self):
        self.assertTrue(self.fits("never", "O0"))
        self.assertFalse(self.fits("never", "O0", ("outer", 2)))

    def test_inlined_call(self):
        self.assertTrue(self.fits("always", "O0", ("outer", 2)))
        self.assertFalse(self.fits("always", "O0", ("outer", 9)))


if __name__ == "__main__":
    unittest.main()
