"""What finance officers do with cases: look, propose, decide, close. Every act is an entry that names who did it.

Rules: where money came, leaves, or moves a filing, one person proposes and another decides. Parked money pays an order only
if it is exactly what is due, alone or together with other cases of the same order, or more, and then the rest is asked
back. Money that is with us leaves a case in one of two ways: into its order, or back to who paid it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chalicelib.contracts.cases import (
    CaseClosed,
    CaseDecided,
    CaseDecisionProposed,
    CaseOpened,
    CaseProposalRejected,
    RefundRequested,
)
from chalicelib.contracts.events import PaymentVerified
from chalicelib.kernel import ids
from chalicelib.kernel.clock import Clock, stamp
from chalicelib.kernel.errors import Conflict, Corrupt, Forbidden, NotFound
from chalicelib.offices.model import Office
from chalicelib.payment import nameless, refunds
from chalicelib.payment.cases import GOING_BACK, NAMELESS, OWNER, PAYABLE, Case, off_the_list, shown
from chalicelib.payment.decisions import Closing, Judgement, Proposal, RefundWanted
from chalicelib.payment.ledger import counted
from chalicelib.payment.model import Order
from chalicelib.payment.nameless import MayBe
from chalicelib.register import model as register_model
from chalicelib.register.cases import OPEN, case_of, opening
from chalicelib.register.idempotency import Repeat
from chalicelib.register.model import Append, Due, Key, Operation, Register, Stream, StreamId, case, deciding

PAGE = 100
WANTED = "refund-wanted"  # reason of a case that gives money of a paid order back


@dataclass(frozen=True, kw_only=True)
class CaseDesk:
    """Cases for the people whose they are."""

    register: Register
    waiting: Due
    office: Office
    clock: Clock

    # ------------------------------------------------------------------ look

    def open_cases(self, *, after: str | None = None) -> dict[str, Any]:
        """Cases that are not closed, oldest first, with age and owner. `after` continues from a case of the last page."""
        now = self.clock()
        keys = self.waiting.due(OPEN, until=now + timedelta(minutes=1), limit=10_000)
        names = [StreamId.parse(key.pk).id for key in keys]
        if after in names:
            names = names[names.index(after) + 1 :]
        page = [self._case(name)[1] for name in names[:PAGE]]
        return {
            "cases": [shown(one, now) for one in page if one.status != "closed"],
            "open": len(keys),
            "next": page[-1].id if len(names) > PAGE else None,
        }

    def one(self, identifier: str) -> dict[str, Any]:
        """One case with who did what. NotFound."""
        stream, found = self._case(identifier)
        history = [
            {"seq": entry.seq, "at": entry.at, "by": entry.by, "type": entry.type, "data": dict(entry.data)}
            for entry in stream.entries
        ]
        view = {**shown(found, self.clock()), "history": history}
        if found.opened.reason == NAMELESS and found.status in ("open", "proposed"):
            view["may_be"] = [
                {
                    "order": one.stream.id.id,
                    "reference": one.fact.reference,
                    "rail": one.fact.rail,
                    "bank_ref": one.fact.bank_ref,
                    "counted_at": stamp(one.counted_at),
                }
                for one in self._may_be(found)
            ]
        return view

    # ------------------------------------------------------------------ act

    def propose(self, actor: str, identifier: str, asked: Proposal, repeat: Repeat) -> None:
        """Say what should become of it. A dismissal where no money is at stake is decided at once."""
        deciding(lambda: self._propose(actor, identifier, asked, repeat))

    def decide(self, actor: str, identifier: str, asked: Judgement, repeat: Repeat) -> None:
        """Agree or not. Forbidden for whoever proposed."""
        deciding(lambda: self._decide(actor, identifier, asked, repeat))

    def close(self, actor: str, identifier: str, asked: Closing, repeat: Repeat) -> None:
        """Say that what was decided is done."""
        deciding(lambda: self._close(actor, identifier, asked, repeat))

    def refund(self, actor: str, asked: RefundWanted, repeat: Repeat) -> str:
        """Open a case that proposes to give money of a paid order back; another person decides. Its identifier."""
        return deciding(lambda: self._refund(actor, asked, repeat))

    def _propose(self, actor: str, identifier: str, asked: Proposal, repeat: Repeat) -> None:
        if repeat.earlier(self.register):
            return
        stream, found = self._case(identifier)
        _must_be(found, "open")
        now = self.clock()
        amount = asked.amount
        self._other_money(found, asked.decision, asked.joined, distinct=asked.distinct)
        if asked.decision == "confirm":
            self._borne_out(found, asked.order)
        elif asked.decision == "refund":
            amount = asked.amount or found.opened.amount
            ours = found.holds_money or found.opened.reason == WANTED
            if not ours or not amount or amount > (found.opened.amount or 0) or found.opened.currency is None:
                raise Conflict.because("refund.impossible")
        elif asked.decision == "apply":
            self._payment(found, self._joined(found, asked.joined), asked.order)
        fact = CaseDecisionProposed(
            decision=asked.decision,
            ground=asked.ground,
            amount=amount,
            order=asked.order,
            joined=tuple(asked.joined),
            distinct=asked.distinct,
        )
        if asked.decision == "dismiss" and not found.holds_money:
            decided = CaseDecided(decision="dismiss", proposed_by=actor)
            closed = CaseClosed(decision="dismiss")
            self.register.commit(
                stream.append(fact, decided, closed, by=actor, at=now),
                *off_the_list(stream),
                repeat.kept(case=found.id),
            )
            return
        self.register.commit(stream.append(fact, by=actor, at=now), repeat.kept(case=found.id))

    def _decide(self, actor: str, identifier: str, asked: Judgement, repeat: Repeat) -> None:
        if repeat.earlier(self.register):
            return
        stream, found = self._case(identifier)
        _must_be(found, "proposed")
        proposal = found.proposal
        if proposal is None:
            raise Corrupt(f"case {identifier} proposed without a proposal")
        if actor == found.proposed_by:
            raise Forbidden.because("case.same-person")
        now = self.clock()
        if not asked.approve:
            rejected = CaseProposalRejected(decision=proposal.decision)
            self.register.commit(stream.append(rejected, by=actor, at=now), repeat.kept(case=found.id))
            return
        decided = CaseDecided(decision=proposal.decision, proposed_by=found.proposed_by)
        self._other_money(found, proposal.decision, proposal.joined, distinct=proposal.distinct)
        if proposal.decision == "refund":
            request = _request(found, proposal.amount or 0)
            left, rows = refunds.decided(request, found.id, now)
            operations: list[Operation] = [stream.append(decided, request, *left, by=actor, at=now), *rows]
        elif proposal.decision == "dismiss":
            closed = CaseClosed(decision="dismiss")
            operations = [stream.append(decided, closed, by=actor, at=now), *off_the_list(stream)]
        elif proposal.decision == "confirm":
            operations = self._confirmed(actor, stream, found, decided, proposal)
        else:
            operations = self._applied(actor, stream, found, decided, proposal)
        self.register.commit(*operations, repeat.kept(case=found.id))

    def _applied(
        self, actor: str, stream: Stream, found: Case, decided: CaseDecided, proposal: CaseDecisionProposed
    ) -> list[Operation]:
        """The order is paid; what is too much is asked back; every case whose money went in is closed."""
        now, others = self.clock(), self._joined(found, proposal.joined)
        order_stream, fact, excess = self._payment(found, others, proposal.order)
        closed = CaseClosed(decision="apply")
        if excess:
            request = _request(found, excess)
            left, rows = refunds.decided(request, found.id, now)
            operations: list[Operation] = [stream.append(decided, request, *left, by=actor, at=now), *rows]
        else:
            operations = [stream.append(decided, closed, by=actor, at=now), *off_the_list(stream)]
        for one in (found, *(other for _, other in others)):
            if one.opened.reason == NAMELESS:  # all other money was counted when it was parked
                once = Key(f"BANKTX#{one.opened.rail}#{one.opened.bank_ref}", "BANKTX")
                told = {"rail": one.opened.rail, "bank_ref": one.opened.bank_ref, "amount": one.opened.amount}
                operations.append(counted(once, order_stream, fact.model_copy(update=told), now))
        for other, _ in others:
            along = CaseClosed(decision="apply", by_case=found.id)
            operations += [other.append(along, by=actor, at=now), *off_the_list(other)]
        return [order_stream.append(fact, by=actor, at=now), *operations]

    def _confirmed(
        self, actor: str, stream: Stream, found: Case, decided: CaseDecided, proposal: CaseDecisionProposed
    ) -> list[Operation]:
        """The line bears out what a bank's answer told of; it counts no second time."""
        now, money = self.clock(), self._borne_out(found, proposal.order)
        fact = nameless.confirmed(money, found.opened, now)
        once = Key(f"BANKTX#{found.opened.rail}#{found.opened.bank_ref}", "BANKTX")
        return [
            money.stream.append(fact, by=actor, at=now),
            counted(once, money.stream, fact, now),
            stream.append(decided, CaseClosed(decision="confirm"), by=actor, at=now),
            *off_the_list(stream),
        ]

    def _close(self, actor: str, identifier: str, asked: Closing, repeat: Repeat) -> None:
        if repeat.earlier(self.register):
            return
        stream, found = self._case(identifier)
        _must_be(found, "decided")
        if found.refunds and asked.bank_ref is None:
            raise Conflict.because("refund.bank-reference")
        decision = found.decided.decision if found.decided else "dismiss"
        closed = CaseClosed(decision=decision, bank_ref=asked.bank_ref)
        row = self.register.item(refunds.refund_key(found.opened.order, found.id)) if found.opened.order else None
        self.register.commit(
            stream.append(closed, by=actor, at=self.clock()),
            *off_the_list(stream),
            *([refunds.went(row)] if row else []),
            repeat.kept(case=found.id),
        )

    def _refund(self, actor: str, asked: RefundWanted, repeat: Repeat) -> str:
        if earlier := repeat.earlier(self.register):
            return str(earlier["case"])
        stream = self.register.load(register_model.order(asked.order))
        if stream is None:
            raise NotFound.because("refund.order-not-found")
        order, now = Order.fold(stream.entries), self.clock()
        paid = order.payment
        n, gone = self._refunded(asked.order)
        if paid is None or asked.amount + max(gone, _gone_back(order, paid.reference)) > paid.amount:
            raise Conflict.because("refund.impossible")
        what = f"refund#{asked.order}#{n}"
        opened = CaseOpened(
            reason=WANTED,
            owner=OWNER,
            order=asked.order,
            reference=paid.reference,
            rail=paid.rail,
            bank_ref=paid.bank_ref,
            amount=paid.amount,
            currency=paid.currency,
            evidence_sha256=paid.evidence_sha256,
        )
        proposed = CaseDecisionProposed(decision="refund", ground=asked.ground, amount=asked.amount)
        born, *rows = opening(what, opened, by=actor, at=now)
        if not isinstance(born, Append):
            raise TypeError("a case is born by its first entry")
        both = register_model.begin(
            born.stream, opened, proposed, by=actor, at=now, owner=born.owner, **dict(born.attributes)
        )
        self.register.commit(both, *rows, repeat.kept(case=born.stream.id))
        return born.stream.id

    # ------------------------------------------------------------------ what it rests on

    def _may_be(self, found: Case) -> tuple[MayBe, ...]:
        if found.opened.reason != NAMELESS:
            return ()
        return nameless.may_be(self.register, self.waiting, self.office, found.opened)

    def _other_money(self, found: Case, decision: str, joined: Sequence[str], *, distinct: bool) -> None:
        """Conflict where money would be used that may have been counted already, and nobody looked into it."""
        if decision not in ("apply", "refund") or distinct:
            return
        others = self._joined(found, joined) if decision == "apply" else []
        if any(self._may_be(one) for one in (found, *(other for _, other in others))):
            raise Conflict.because("case.may-be-counted")

    def _borne_out(self, found: Case, order: str | None) -> MayBe:
        """The money of `order` that this line may be. Conflict if it is not to be had, or not the only one."""
        fits = [one for one in self._may_be(found) if one.stream.id.id == order]
        if len(fits) != 1 or found.opened.evidence_sha256 is None:
            raise Conflict.because("case.not-that-money")
        return fits[0]

    def _refunded(self, order_id: str) -> tuple[int, int]:
        """The number of an order's next refund case, and how much went or shall go back by the ones before."""
        n, gone = 1, 0
        while (row := self.register.item(case_of(f"refund#{order_id}#{n}"))) is not None:
            _, found = self._case(StreamId.parse(str(row.attributes["stream"])).id)
            gone += sum(refund.amount for refund in found.refunds)
            if found.status == "proposed" and found.proposal is not None:
                gone += found.proposal.amount or 0
            n += 1
        return n, gone

    def _payment(
        self, found: Case, others: Sequence[tuple[Stream, Case]], named: str | None
    ) -> tuple[Stream, PaymentVerified, int]:
        """The order's stream, its payment from these cases' money, and what is too much. Conflict if they cannot pay it."""
        cases = [found, *(other for _, other in others)]
        wanted = found.opened.order or named
        stream = self.register.load(register_model.order(wanted)) if wanted else None
        if stream is None:
            raise Conflict.because("case.not-payable")
        standing, opened = Order.fold(stream.entries), found.opened
        reference = opened.reference if standing.attempt(opened.reference or "") else None
        if reference is None:
            reference = standing.latest.reference if standing.latest else ""
        total = sum(one.opened.amount or 0 for one in cases)
        fits = all(
            one.opened.reason in PAYABLE
            and (one.opened.order or named) == wanted
            and one.opened.currency == standing.total.currency
            and one.opened.bank_ref is not None
            and one.opened.evidence_sha256 is not None
            for one in cases
        )
        references = {one.opened.reference for one in cases}
        gone = any(one.reason in GOING_BACK and one.reference in references for one in standing.parked)
        excess = total - standing.total.minor
        if gone or not fits or standing.paid or standing.cancelled or excess < 0 or (excess and others):
            raise Conflict.because("case.not-payable")
        fact = PaymentVerified(
            filing=standing.filing,
            purpose=standing.purpose,
            reference=reference,
            rail=opened.rail or "",
            bank_ref=opened.bank_ref or "",
            amount=standing.total.minor,
            currency=standing.total.currency,
            asked_at=stamp(found.opened_at),
            evidence_sha256=opened.evidence_sha256 or "",
            demo=standing.demo,
            statement=opened.statement,
            case=found.id,
            joined=tuple(other.opened.bank_ref or "" for _, other in others),
        )
        return stream, fact, excess

    def _joined(self, found: Case, names: Sequence[str]) -> list[tuple[Stream, Case]]:
        if len({found.id, *names}) != len(names) + 1:
            raise Conflict.because("case.not-payable")
        others = [self._case(name) for name in names]
        for _, other in others:
            _must_be(other, "open")
        return others

    def _case(self, identifier: str) -> tuple[Stream, Case]:
        stream = self.register.load(case(identifier)) if ids.is_ulid(identifier) else None
        if stream is None:
            raise NotFound.because("case.not-found")
        return stream, Case.fold(stream.id, stream.head.status, stream.entries)


def _gone_back(order: Order, reference: str) -> int:
    """How much of the payment under `reference` the bank says went back, asked for by us or not."""
    return max(
        (one.amount or 0 for one in order.parked if one.reason in GOING_BACK and one.reference == reference), default=0
    )


def _must_be(found: Case, status: str) -> None:
    if found.status != status:
        raise Conflict.because("case.state", "", status=found.status)


def _request(found: Case, amount: int) -> RefundRequested:
    opened = found.opened
    return RefundRequested(
        order=opened.order,
        reference=opened.reference,
        rail=opened.rail,
        bank_ref=opened.bank_ref,
        amount=amount,
        currency=opened.currency or "",
    )
