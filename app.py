"""The map of Tra: what a filing meets, in the order in which it meets it.

Routes lie in the rooms' `routes.py`; every other trigger is bound here, two lines each, because Chalice deploys only what
`app.py` declares. Queue and stream names below are stand-ins: `infra/template.yaml` binds the real ones.
All queues deliver one message at a time (`batch_size=1`): a message that fails takes no other with it.
"""

import json
import os
from typing import Any

from chalice.app import Chalice, DynamoDBEvent, Rate, SQSEvent

from chalicelib.attachments import routes as attachment_routes
from chalicelib.attachments.notices import arrivals
from chalicelib.filing import paper_routes
from chalicelib.filing import routes as filing_routes
from chalicelib.payment import paper_routes as paper_payments
from chalicelib.payment import routes as payment_routes
from chalicelib.payment import routes_desk
from chalicelib.register.model import StreamId
from chalicelib.registry.inbound import routes as registry_routes
from chalicelib.signing import routes as signing_routes
from chalicelib.signing.officers import routes as officer_routes
from chalicelib.signing.transparency import routes as log_routes
from chalicelib.signing.verification import routes as verification_routes
from chalicelib.signing.verification.invoke import handle as inspect_file
from chalicelib.web.request import BINARY
from chalicelib.wiring.rooms import Rooms, subject

app = Chalice(app_name="tra")
app.api.binary_types += BINARY
rooms = Rooms(os.environ)

# 1 receive: drafts, submission, what an owner sees; and later papers
app.register_blueprint(filing_routes.build(rooms))
app.register_blueprint(paper_routes.build(rooms))

# 2 store: announce a file; confirm what arrived; take into custody what was filed
app.register_blueprint(attachment_routes.build(rooms))


@app.on_sqs_message(queue="uploads", batch_size=1)
def receive_upload(event: SQSEvent) -> None:
    for message in event:
        for key, version in arrivals(message.body):
            rooms.confirm_upload(key, version)


@app.on_sqs_message(queue="custody.fifo", batch_size=1)
def take_custody(event: SQSEvent) -> None:
    for message in event:
        rooms.take_custody(subject(message.body))


# 3 verify: orders and the banks' doorbell; ask the bank; credit the filing
app.register_blueprint(payment_routes.build(rooms))
app.register_blueprint(paper_payments.build(rooms))
app.register_blueprint(routes_desk.build(rooms))


@app.on_sqs_message(queue="bells", batch_size=1)
def ask_bank(event: SQSEvent) -> None:
    for message in event:
        rooms.ask_bank(**json.loads(message.body))


@app.schedule(Rate(1, unit=Rate.MINUTES))
def ask_due(event: object) -> None:
    rooms.ask_due()
    rooms.look_for_orders()
    rooms.watch_keys()
    rooms.take_lines()
    rooms.ask_refunds()
    rooms.reconcile_day.yesterday()


@app.on_sqs_message(queue="credits.fifo", batch_size=1)
def credit_filing(event: SQSEvent) -> None:
    for message in event:
        rooms.credit_filing(subject(message.body))


# 4 seal: the receipt, the acknowledgement, the report of a day, and their downloads
app.register_blueprint(signing_routes.build(rooms))


@app.on_sqs_message(queue="sealing.fifo", batch_size=1)
def seal_letter(event: SQSEvent) -> None:
    for message in event:
        rooms.seal(subject(message.body))


@app.schedule(Rate(5, unit=Rate.MINUTES))
def raise_letters(event: object) -> None:
    rooms.raise_due()


# letters that persons answer for: prepared, approved by another; a function that may do nothing else draws what they read
app.register_blueprint(officer_routes.build(rooms))


@app.lambda_function()
def draw_letter(event: dict[str, Any], context: object) -> dict[str, str]:
    return rooms.draw(event)


# what a letter is worth, to anyone; files that nobody trusts are opened in a function that may do nothing else
app.register_blueprint(verification_routes.build(rooms))


@app.lambda_function()
def verify_letter(event: dict[str, Any], context: object) -> dict[str, Any]:
    return inspect_file(event)


# what was received and what was sealed, into the public log; its proofs to anyone
app.register_blueprint(log_routes.build(rooms))


@app.on_sqs_message(queue="logging.fifo", batch_size=1)
def log_facts(event: SQSEvent) -> None:
    for message in event:
        rooms.log_facts(subject(message.body))


# 5 emit: every entry, in order, to everybody who listens
@app.on_dynamodb_record(stream_arn="arn:aws:dynamodb:region:account:table/register/stream/label")
def relay(event: DynamoDBEvent) -> None:
    rooms.relay.streams(StreamId.parse(record.keys["pk"]["S"]) for record in event)


@app.schedule(Rate(1, unit=Rate.MINUTES))
def relay_sweep(event: object) -> None:
    rooms.relay.sweep()


# 6 hand over: the package for the registry; what the registry answers, and its letters to the owner
app.register_blueprint(registry_routes.build(rooms))


@app.on_sqs_message(queue="handover.fifo", batch_size=1)
def hand_over(event: SQSEvent) -> None:
    for message in event:
        rooms.hand_over(subject(message.body))


@app.on_sqs_message(queue="inbound.fifo", batch_size=1)
def take_inbound(event: SQSEvent) -> None:
    for message in event:
        rooms.take_inbound(message.body)
