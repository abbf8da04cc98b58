//! Each invariant, kept by one small sale and broken in one place at a time.

use serde_json::{Value, json};

use super::facts::Facts;
use super::invariants::{INVARIANTS, check};

/// One event with one type: one booking paid, one held, one cancelled.
struct Rows {
    event: Value,
    ticket: Value,
    booking: Value,
    spacemaster: Value,
    running: bool,
}

fn a_healthy_sale() -> Rows {
    Rows {
        event: json!({
            "events": [
                {"id": "e1", "status": "SCHEDULED", "venueCapacity": 100},
                {"id": "e2", "status": "CANCELLED", "venueCapacity": 50},
            ],
            "reservations": [
                {"id": "r1", "roomId": 101, "startsAt": "2030-01-01T10:00:00Z", "endsAt": "2030-01-01T12:00:00Z",
                 "startTime": "2030-01-01 17:00:00", "endTime": "2030-01-01 19:00:00", "eventId": "e1", "active": true, "pushed": true},
                {"id": "r2", "roomId": 101, "startsAt": "2030-01-01T12:00:00Z", "endsAt": "2030-01-01T13:00:00Z",
                 "startTime": "2030-01-01 19:00:00", "endTime": "2030-01-01 20:00:00", "eventId": null, "active": true, "pushed": true},
                {"id": "r3", "roomId": 101, "startsAt": "2030-01-01T11:00:00Z", "endsAt": "2030-01-01T12:30:00Z",
                 "startTime": "2030-01-01 18:00:00", "endTime": "2030-01-01 19:30:00", "eventId": "e2", "active": false, "pushed": true},
            ],
        }),
        ticket: json!({
            "now": "2029-12-01T00:00:00Z",
            "events": [{"id": "e1", "capacity": 100, "allocated": 10, "cancelled": false}, {"id": "e2", "capacity": 50, "allocated": 0, "cancelled": true}],
            "ticketTypes": [{"id": "t1", "eventId": "e1", "quota": 10, "sold": 2, "held": 4, "waiting": 1, "offered": 1, "status": "OPEN"}],
            "vouchers": [{"id": "v1", "usageLimit": 6, "used": 2, "held": 3}],
            "holds": [
                {"bookingId": "paid", "ticketTypeId": "t1", "voucherId": "v1", "quantity": 2, "status": "CONFIRMED", "expiresAt": "2029-12-01T00:01:00Z"},
                {"bookingId": "held", "ticketTypeId": "t1", "voucherId": "v1", "quantity": 3, "status": "HELD", "expiresAt": "2029-12-01T00:01:00Z"},
                {"bookingId": "gone", "ticketTypeId": "t1", "voucherId": "v1", "quantity": 1, "status": "RELEASED", "expiresAt": "2029-12-01T00:01:00Z"},
            ],
            "waitingPlaces": [
                {"id": "w1", "ticketTypeId": "t1", "status": "OFFERED", "offered": 1, "offerExpiresAt": "2029-12-01T00:01:00Z"},
                {"id": "w2", "ticketTypeId": "t1", "status": "WAITING", "offered": 0, "offerExpiresAt": null},
                {"id": "w3", "ticketTypeId": "t1", "status": "TAKEN", "offered": 0, "offerExpiresAt": null},
            ],
            "tickets": [
                {"bookingId": "paid", "code": "a", "status": "VALID"},
                {"bookingId": "paid", "code": "b", "status": "USED"},
                {"bookingId": "gone", "code": "c", "status": "VOID"},
            ],
        }),
        booking: json!({
            "bookings": [
                {"id": "paid", "eventId": "e1", "ticketTypeId": "t1", "quantity": 2, "unitPrice": 150000, "total": 300000, "status": "PAID"},
                {"id": "held", "eventId": "e1", "ticketTypeId": "t1", "quantity": 3, "unitPrice": 150000, "total": 450000, "status": "PENDING", "phase": "HELD"},
                {"id": "gone", "eventId": "e1", "ticketTypeId": "t1", "quantity": 1, "unitPrice": 150000, "total": 150000, "status": "CANCELLED"},
            ],
            "payments": [{"id": "p1", "bookingId": "paid", "transactionId": "x1", "status": "SUCCEEDED"}],
            "history": [
                {"bookingId": "paid", "from": null, "to": "PENDING"},
                {"bookingId": "paid", "from": "PENDING", "to": "PAID"},
                {"bookingId": "gone", "from": "PENDING", "to": "CANCELLED"},
            ],
            "idempotency": [{"userId": "u1", "operation": "createBooking", "key": "k1"}],
        }),
        spacemaster: json!({
            "schedules": [
                {"roomId": 101, "startTime": "2030-01-01 17:00:00", "endTime": "2030-01-01 19:00:00", "status": "BLOCKED"},
                {"roomId": 101, "startTime": "2030-01-01 19:00:00", "endTime": "2030-01-01 20:00:00", "status": "BLOCKED"},
                {"roomId": 102, "startTime": "2030-01-01 17:00:00", "endTime": "2030-01-01 19:00:00", "status": "AVAILABLE"},
            ],
        }),
        running: true,
    }
}

impl Rows {
    fn facts(&self) -> Facts {
        Facts {
            running: self.running,
            event: serde_json::from_value(self.event.clone()).unwrap(),
            ticket: serde_json::from_value(self.ticket.clone()).unwrap(),
            booking: serde_json::from_value(self.booking.clone()).unwrap(),
            spacemaster: serde_json::from_value(self.spacemaster.clone()).unwrap(),
        }
    }

    /// The numbers of the invariants found broken, each once.
    fn broken(&self) -> Vec<u8> {
        let mut numbers: Vec<u8> =
            check(&self.facts()).into_iter().map(|finding| finding.invariant).collect();
        numbers.dedup();
        numbers
    }
}

#[track_caller]
fn breaks(expected: &[u8], change: impl FnOnce(&mut Rows)) {
    let mut rows = a_healthy_sale();
    change(&mut rows);
    assert_eq!(rows.broken(), expected, "{:#?}", check(&rows.facts()));
}

#[test]
fn a_healthy_sale_keeps_every_invariant() {
    breaks(&[], |_| {});
}

#[test]
fn an_empty_stack_keeps_every_invariant() {
    assert_eq!(check(&Facts::default()), []);
}

#[test]
fn every_invariant_has_a_number_of_its_own() {
    let numbers: Vec<u8> = INVARIANTS.iter().map(|(number, ..)| *number).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 15, 16, 17]);
}

#[test]
fn overselling_is_found() {
    breaks(&[1], |rows| {
        rows.ticket["ticketTypes"][0]["quota"] = json!(5);
        rows.ticket["events"][0]["allocated"] = json!(5);
    });
}

#[test]
fn a_negative_counter_is_found() {
    breaks(&[1, 3], |rows| rows.ticket["ticketTypes"][0]["held"] = json!(-1));
}

#[test]
fn a_sale_that_was_not_counted_is_found() {
    breaks(&[2], |rows| rows.ticket["ticketTypes"][0]["sold"] = json!(1));
}

#[test]
fn a_held_counter_without_holds_is_found() {
    breaks(&[3], |rows| rows.ticket["ticketTypes"][0]["held"] = json!(5));
}

#[test]
fn a_hold_that_outlives_its_end_is_found() {
    breaks(&[3, 17], |rows| rows.ticket["now"] = json!("2029-12-01T00:02:00Z"));
}

#[test]
fn a_hold_may_outlive_its_end_while_nothing_runs_that_could_release_it() {
    breaks(&[], |rows| {
        rows.running = false;
        rows.ticket["now"] = json!("2029-12-01T00:02:00Z");
    });
}

#[test]
fn a_paid_booking_without_its_tickets_is_found() {
    breaks(&[2, 4], |rows| rows.ticket["tickets"][1]["status"] = json!("VOID"));
}

#[test]
fn a_cancelled_booking_with_a_live_ticket_is_found() {
    breaks(&[2, 4], |rows| rows.ticket["tickets"][2]["status"] = json!("VALID"));
}

#[test]
fn one_code_on_two_tickets_is_found() {
    breaks(&[4], |rows| rows.ticket["tickets"][2]["code"] = json!("a"));
}

#[test]
fn a_ticket_of_no_booking_is_found() {
    breaks(&[4], |rows| {
        rows.ticket["tickets"][2]["bookingId"] = json!("nobody");
        rows.ticket["tickets"][2]["status"] = json!("VALID");
    });
}

#[test]
fn a_tampered_total_is_found() {
    breaks(&[5], |rows| rows.booking["bookings"][0]["total"] = json!(1));
}

#[test]
fn a_paid_booking_without_a_price_is_found() {
    breaks(&[5], |rows| {
        rows.booking["bookings"][0]["total"] = Value::Null;
        rows.booking["bookings"][0]["unitPrice"] = Value::Null;
    });
}

#[test]
fn a_payment_for_nothing_is_found() {
    breaks(&[6], |rows| rows.booking["payments"][0]["bookingId"] = json!("nobody"));
}

#[test]
fn a_transaction_that_counts_twice_is_found() {
    breaks(&[6], |rows| {
        let again = rows.booking["payments"][0].clone();
        rows.booking["payments"].as_array_mut().unwrap().push(again);
    });
}

#[test]
fn a_key_with_two_requests_is_found() {
    breaks(&[7], |rows| {
        let again = rows.booking["idempotency"][0].clone();
        rows.booking["idempotency"].as_array_mut().unwrap().push(again);
    });
}

#[test]
fn a_resurrected_booking_is_found() {
    breaks(&[8], |rows| {
        rows.booking["history"]
            .as_array_mut()
            .unwrap()
            .push(json!({"bookingId": "gone", "from": "CANCELLED", "to": "PAID"}));
    });
}

#[test]
fn a_paid_booking_of_a_cancelled_event_is_found() {
    breaks(&[12], |rows| {
        rows.event["events"][0]["status"] = json!("CANCELLED");
        rows.event["reservations"][0]["active"] = json!(false);
    });
}

#[test]
fn a_room_with_two_events_at_once_is_found() {
    breaks(&[13], |rows| rows.event["reservations"][1]["startsAt"] = json!("2030-01-01T11:59:59Z"));
    breaks(&[13], |rows| rows.event["reservations"][2]["active"] = json!(true));
}

#[test]
fn an_event_without_a_room_is_found() {
    breaks(&[13], |rows| rows.event["reservations"][0]["active"] = json!(false));
}

#[test]
fn a_block_that_spacemaster_does_not_know_is_found() {
    breaks(&[13], |rows| rows.spacemaster["schedules"] = json!([]));
    breaks(&[13], |rows| rows.spacemaster["schedules"][0]["endTime"] = json!("2030-01-01 18:59:59"));
    breaks(&[13], |rows| rows.spacemaster["schedules"][1]["roomId"] = json!(102));
    breaks(&[13], |rows| rows.event["reservations"][0]["pushed"] = json!(false));
}

#[test]
fn a_claim_may_be_covered_by_several_blocks() {
    breaks(&[], |rows| {
        rows.spacemaster["schedules"][0]["endTime"] = json!("2030-01-01 18:00:00");
        rows.spacemaster["schedules"][1]["startTime"] = json!("2030-01-01 18:00:00");
    });
}

#[test]
fn a_claim_that_waits_for_spacemaster_keeps_others_out() {
    breaks(&[13], |rows| {
        rows.event["reservations"][2]["pending"] = json!(true);
        rows.event["reservations"][2]["pushed"] = json!(false);
    });
}

#[test]
fn a_capacity_row_that_has_lost_count_is_found() {
    breaks(&[15], |rows| rows.ticket["events"][0]["allocated"] = json!(9));
}

#[test]
fn quotas_beyond_the_venue_are_found() {
    breaks(&[15], |rows| rows.event["events"][0]["venueCapacity"] = json!(9));
    breaks(&[15], |rows| rows.ticket["events"][0]["capacity"] = json!(9));
}

#[test]
fn a_voucher_that_has_lost_count_is_found() {
    breaks(&[16], |rows| rows.ticket["vouchers"][0]["used"] = json!(1));
    breaks(&[16], |rows| rows.ticket["vouchers"][0]["held"] = json!(4));
}

#[test]
fn a_voucher_that_is_good_for_too_many_is_found() {
    breaks(&[16], |rows| rows.ticket["vouchers"][0]["usageLimit"] = json!(4));
}

#[test]
fn holds_of_a_voucher_that_does_not_exist_are_found() {
    breaks(&[16], |rows| rows.ticket["vouchers"] = json!([]));
}

#[test]
fn a_list_that_has_lost_count_is_found() {
    breaks(&[17], |rows| rows.ticket["ticketTypes"][0]["waiting"] = json!(2));
    breaks(&[17], |rows| rows.ticket["ticketTypes"][0]["offered"] = json!(0));
}

#[test]
fn an_offer_that_nobody_can_take_is_found() {
    breaks(&[17], |rows| rows.ticket["waitingPlaces"][0]["status"] = json!("LEFT"));
}
