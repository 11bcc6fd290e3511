"""Joins room 3 verify: rails, orders, bells, statements, the day, the desk."""

import json
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.aws import clients
from chalicelib.wiring.ground import Ground

if TYPE_CHECKING:
    from chalicelib.payment.daily import ReconcileDay
    from chalicelib.payment.desk import CaseDesk
    from chalicelib.payment.model import Http, Rail
    from chalicelib.payment.orders import Orders
    from chalicelib.payment.rails.config import RailConfig
    from chalicelib.payment.service import AskBank, AskDue, CreditFiling, Doorbell
    from chalicelib.payment.sqs import SqsBells
    from chalicelib.payment.statements.loading import LoadStatement
    from chalicelib.payment.statements.taking import TakeLines


class Payment(Ground):
    """3 verify: rails, orders, bells, statements, the day, the desk."""

    @cached_property
    def rail_configs(self) -> "Mapping[str, RailConfig]":
        from chalicelib.payment.rails import known

        return {config.rail: config for config in known.read(self.settings.payment_rails) if config.enabled}

    @property
    def rails(self) -> "Mapping[str, Rail]":
        """Made anew each time, so that changed keys are in force within minutes."""
        from chalicelib.payment.rails import known

        secrets = json.loads(self.parameters(self.settings.payment_secrets_parameter)) if self.rail_configs else {}
        return known.make(self.rail_configs.values(), secrets, public_url=self.settings.public_url)

    @cached_property
    def http(self) -> "Http":
        from chalicelib.payment.http import Urllib3Http
        from chalicelib.payment.rails import known

        return self._http or Urllib3Http(origins=known.origins(self.rail_configs.values()))

    @cached_property
    def bells(self) -> "SqsBells":
        from chalicelib.payment.sqs import SqsBells

        return SqsBells(queue_url=self.settings.bells_queue_url, client=clients.sqs())

    @property
    def windows(self) -> Mapping[str, int]:
        """For how many days each rail answers questions."""
        return {name: config.query_window_days for name, config in self.rail_configs.items()}

    @property
    def payees(self) -> Mapping[str, frozenset[str]]:
        """Our accounts on each rail."""
        return {name: frozenset(config.payee_accounts) for name, config in self.rail_configs.items()}

    @property
    def orders(self) -> "Orders":
        from chalicelib.payment.orders import Orders

        return Orders(
            register=self.register,
            office=self.office,
            rails=self.rails,
            windows=self.windows,
            http=self.http,
            bells=self.bells,
            clock=self.clock,
        )

    @property
    def doorbell(self) -> "Doorbell":
        from chalicelib.payment.service import Doorbell

        return Doorbell(register=self.register, rails=self.rails, bells=self.bells, clock=self.clock)

    @property
    def ask_bank(self) -> "AskBank":
        from chalicelib.payment.service import AskBank

        return AskBank(
            register=self.register,
            rails=self.rails,
            windows=self.windows,
            payees=self.payees,
            http=self.http,
            bells=self.bells,
            clock=self.clock,
        )

    @cached_property
    def ask_due(self) -> "AskDue":
        from chalicelib.payment.service import AskDue

        return AskDue(register=self.register, bells=self.bells, clock=self.clock)

    @cached_property
    def credit_filing(self) -> "CreditFiling":
        from chalicelib.payment.service import CreditFiling

        return CreditFiling(register=self.register, clock=self.clock)

    @cached_property
    def load_statement(self) -> "LoadStatement":
        from chalicelib.payment.statements.loading import LoadStatement

        return LoadStatement(register=self.register, office=self.office, clock=self.clock)

    @cached_property
    def take_lines(self) -> "TakeLines":
        from chalicelib.payment.statements.taking import TakeLines

        return TakeLines(
            register=self.register, waiting=self.register, office=self.office, payees=self.payees, clock=self.clock
        )

    @property
    def reconcile_day(self) -> "ReconcileDay":
        from chalicelib.payment.daily import ReconcileDay

        return ReconcileDay(
            register=self.register, waiting=self.register, office=self.office, rails=self.rails, payees=self.payees,
            http=self.http, clock=self.clock,
        )  # fmt: skip

    @cached_property
    def case_desk(self) -> "CaseDesk":
        from chalicelib.payment.desk import CaseDesk

        return CaseDesk(register=self.register, waiting=self.register, clock=self.clock)
