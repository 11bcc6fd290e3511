"""Joins room 4 seal, for officers: letters that two persons answer for, at the desk."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from chalicelib.aws import clients
from chalicelib.wiring.ground import fonts_folder
from chalicelib.wiring.signing import Signing

if TYPE_CHECKING:
    from chalicelib.signing.officers.drawing import Drawer
    from chalicelib.signing.officers.service import LetterDesk
    from chalicelib.signing.officers.view import LetterView


class Officers(Signing):
    """4 seal, for officers: letters that two persons answer for."""

    @cached_property
    def letter_desk(self) -> "LetterDesk":
        from chalicelib.signing.officers.service import LetterDesk

        return LetterDesk(register=self.register, office=self.office, contents=self.contents, clock=self.clock)

    @cached_property
    def letter_view(self) -> "LetterView":
        from chalicelib.signing.officers.view import LetterView

        return LetterView(
            register=self.register, waiting=self.register, office=self.office, contents=self.contents,
            desk=self.letter_desk, drawer=self.drawer, clock=self.clock,
        )  # fmt: skip

    @cached_property
    def drawer(self) -> "Drawer":
        from chalicelib.signing.officers.drawing import LambdaDrawer

        return LambdaDrawer(function=self.settings.draw_function, client=clients.functions())

    def draw(self, call: Mapping[str, Any]) -> dict[str, str]:
        """The drawing function's work: it needs fonts, and nothing of this stage."""
        from chalicelib.signing.letter import TypstLetters
        from chalicelib.signing.officers.drawing import handle

        return handle(call, TypstLetters(fonts_folder()))
