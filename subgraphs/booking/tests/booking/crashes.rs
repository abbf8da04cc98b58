//! What a crash can leave behind, state by state: the row is written as it would stand, the worker looks once, and what
//! must hold, holds. Then what peers can do: lose answers, decline, pay the wrong amount, be late, be down.

use ::entities::booking::status::{BookingState, CancelReason, PaymentState, RefundState};
use ::entities::ids::{BookingId, PaymentId};
use booking::error::BookingError;
use booking::payment::fake::Mood as Payments;
use booking::payment::{Charge, PaymentProvider};
use booking::ticket::fake::Mood as Tickets;
use booking::ticket::{HoldStatus, TicketHolds};
use booking::{bookings, worker};
use chrono::TimeDelta;

use crate::rig::{PRICE, QUOTA, Rig, money};

/// How far the ticket service got before the crash.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Hold {
    None,
    Held,
    Confirmed,
    ExpiredFree,
    ExpiredGone,
    Released,
}

/// How far the payment got before the crash: our row, and whether the provider took the money.
#[derive(Clone, Copy, Debug)]
enum Payment {
    None,
    Written,
    Taken,
    Settled,
}

struct Crash {
    state: BookingState,
    keyed: bool,
    lapsed: bool,
    hold: Hold,
    payment: Payment,
    /// The state the worker reaches, and how many tickets are free then.
    end: (BookingState, i32),
    refunds: usize,
}

const fn crash(state: BookingState, hold: Hold, payment: Payment, end: BookingState, free: i32) -> Crash {
    Crash { state, keyed: true, lapsed: false, hold, payment, end: (end, free), refunds: 0 }
}

fn crashes() -> Vec<Crash> {
    use BookingState::{Cancelled, Cancelling, Confirming, Held, New, Paid, Paying, Voiding};
    use CancelReason::{Admin, Buyer, EventCancelled, Expired, LatePayment};
    let lapsed = |crash: Crash| Crash { lapsed: true, ..crash };
    let unkeyed = |crash: Crash| Crash { keyed: false, ..crash };
    let refunded = |crash: Crash| Crash { refunds: 1, ..crash };
    vec![
        // Written down, and nothing else; or the hold was taken and the answer lost.
        crash(New, Hold::None, Payment::None, Held, QUOTA - 2),
        crash(New, Hold::Held, Payment::None, Held, QUOTA - 2),
        unkeyed(crash(New, Hold::None, Payment::None, Cancelled(Expired), QUOTA)),
        unkeyed(crash(New, Hold::Held, Payment::None, Cancelled(Expired), QUOTA)),
        lapsed(crash(New, Hold::Held, Payment::None, Cancelled(Expired), QUOTA)),
        crash(New, Hold::ExpiredFree, Payment::None, Cancelled(Expired), QUOTA),
        // Held and never paid.
        lapsed(crash(Held, Hold::Held, Payment::None, Cancelled(Expired), QUOTA)),
        lapsed(crash(Held, Hold::ExpiredFree, Payment::None, Cancelled(Expired), QUOTA)),
        // The payment was written down; the provider heard of it, or not.
        crash(Paying, Hold::Held, Payment::Written, Paid, QUOTA - 2),
        crash(Paying, Hold::Held, Payment::Taken, Paid, QUOTA - 2),
        lapsed(crash(Paying, Hold::Held, Payment::Written, Cancelled(Expired), QUOTA)),
        lapsed(crash(Paying, Hold::Held, Payment::Taken, Paid, QUOTA - 2)),
        lapsed(crash(Paying, Hold::ExpiredFree, Payment::Taken, Paid, QUOTA - 2)),
        refunded(lapsed(crash(Paying, Hold::ExpiredGone, Payment::Taken, Cancelled(LatePayment), 0))),
        // The money is in; the tickets were made, or not, or are gone.
        crash(Confirming, Hold::Held, Payment::Settled, Paid, QUOTA - 2),
        crash(Confirming, Hold::Confirmed, Payment::Settled, Paid, QUOTA - 2),
        crash(Confirming, Hold::ExpiredFree, Payment::Settled, Paid, QUOTA - 2),
        refunded(crash(Confirming, Hold::ExpiredGone, Payment::Settled, Cancelled(LatePayment), 0)),
        refunded(crash(Confirming, Hold::Released, Payment::Settled, Cancelled(LatePayment), QUOTA)),
        refunded(crash(Confirming, Hold::None, Payment::Settled, Cancelled(LatePayment), QUOTA)),
        // Being cancelled: whatever was held goes back, whatever was taken is owed.
        crash(Cancelling(Buyer), Hold::Held, Payment::None, Cancelled(Buyer), QUOTA),
        crash(Cancelling(Buyer), Hold::None, Payment::None, Cancelled(Buyer), QUOTA),
        crash(Cancelling(Buyer), Hold::Released, Payment::None, Cancelled(Buyer), QUOTA),
        crash(Cancelling(Expired), Hold::Held, Payment::Written, Cancelled(Expired), QUOTA),
        refunded(crash(Cancelling(Buyer), Hold::Held, Payment::Taken, Cancelled(Buyer), QUOTA)),
        refunded(crash(
            Cancelling(LatePayment),
            Hold::Confirmed,
            Payment::Settled,
            Cancelled(LatePayment),
            QUOTA,
        )),
        refunded(crash(Voiding(Admin), Hold::Confirmed, Payment::Settled, Cancelled(Admin), QUOTA)),
        refunded(crash(
            Voiding(EventCancelled),
            Hold::Released,
            Payment::Settled,
            Cancelled(EventCancelled),
            QUOTA,
        )),
    ]
}

async fn arrange(rig: &Rig, crash: &Crash) -> BookingId {
    let id = rig.leave(crash.state, crash.keyed).await;
    match crash.hold {
        Hold::None => {}
        Hold::Released => {
            rig.tickets.release(id, booking::ticket::Release::All).await.unwrap();
        }
        Hold::Held | Hold::Confirmed | Hold::ExpiredFree | Hold::ExpiredGone => {
            rig.tickets.hold(rig.hold_request(id)).await.unwrap();
        }
    }
    match crash.hold {
        Hold::Confirmed => drop(rig.tickets.confirm(id).await.unwrap()),
        Hold::ExpiredFree => rig.tickets.expire(id),
        Hold::ExpiredGone => {
            rig.tickets.expire(id);
            rig.tickets.take_away(QUOTA);
        }
        Hold::None | Hold::Held | Hold::Released => {}
    }
    let now = rig.clock.now();
    let charge = |payment: PaymentId| Charge {
        id: payment,
        booking_id: id,
        amount: money(PRICE * 2),
        page: None,
        created_at: now,
        expires_at: now + TimeDelta::seconds(60),
    };
    match crash.payment {
        Payment::None => {}
        Payment::Written => drop(rig.leave_payment(id, PaymentState::Created).await),
        Payment::Taken => {
            let payment = rig.leave_payment(id, PaymentState::Created).await;
            rig.payments.collect(charge(payment)).await.unwrap();
        }
        Payment::Settled => {
            let payment = rig.leave_payment(id, PaymentState::Succeeded).await;
            rig.payments.collect(charge(payment)).await.unwrap();
        }
    }
    if crash.lapsed {
        rig.clock.advance(TimeDelta::seconds(60));
    }
    id
}

#[tokio::test]
async fn one_look_of_the_worker_brings_every_crash_to_a_good_end() {
    for crash in crashes() {
        let what = format!(
            "{:?} {:?} {:?} lapsed={} keyed={}",
            crash.state, crash.hold, crash.payment, crash.lapsed, crash.keyed
        );
        let rig = Rig::new().await;
        let id = arrange(&rig, &crash).await;
        worker::run_once(&rig.saga).await.unwrap();
        let (end, free) = crash.end;
        assert_eq!(rig.state(id).await, end, "{what}");
        assert_eq!(rig.tickets.free(), free, "{what}");
        worker::run_once(&rig.saga).await.unwrap();
        assert_eq!(rig.refund_states().await, vec![RefundState::Done; crash.refunds], "{what}");
        assert_eq!(rig.payments.refunds().len(), crash.refunds, "{what}: paid back once");
        let confirmed = rig.tickets.status(id) == Some(HoldStatus::Confirmed);
        assert_eq!(confirmed, end == BookingState::Paid, "{what}: PAID is having tickets");
        let due = rig.row(id).await.due_at;
        assert_eq!(due.is_some(), end == BookingState::Held, "{what}: what rests is not due");
    }
}

#[tokio::test]
async fn a_crash_is_brought_to_the_same_end_by_two_workers_at_once() {
    for crash in crashes() {
        let what = format!("{:?} {:?} {:?}", crash.state, crash.hold, crash.payment);
        let rig = Rig::new().await;
        let id = arrange(&rig, &crash).await;
        let row = rig.row(id).await;
        // Both hold the row as it was: a lease that ended while its worker was still at it.
        let (one, two) = tokio::join!(rig.saga.drive(row.clone(), "one"), rig.saga.drive(row, "two"));
        drop((one, two));
        worker::run_once(&rig.saga).await.unwrap();
        let given_up = matches!(crash.state, BookingState::New) && (!crash.keyed || crash.lapsed);
        if !given_up {
            assert_eq!(rig.state(id).await, crash.end.0, "{what}");
            assert_eq!(rig.tickets.free(), crash.end.1, "{what}");
        }
        assert!(rig.payments.paid() <= 1, "{what}");
    }
}

#[tokio::test]
async fn lost_answers_of_the_ticket_service_are_asked_for_again() {
    let rig = Rig::new().await;
    rig.tickets.set_mood(Tickets::LosesAnswers);
    assert!(matches!(rig.create(Some("k")).await, Err(BookingError::Unavailable { .. })));
    rig.tickets.set_mood(Tickets::Answers);
    let id = rig.create(Some("k")).await.unwrap().id;
    assert_eq!((rig.state(id).await, rig.tickets.free()), (BookingState::Held, QUOTA - 2));

    rig.tickets.set_mood(Tickets::LosesAnswers);
    assert!(matches!(rig.pay(id).await, Err(BookingError::Unavailable { .. })));
    assert_eq!(rig.state(id).await, BookingState::Confirming);
    rig.tickets.set_mood(Tickets::Down);
    rig.clock.advance(TimeDelta::seconds(11));
    assert_eq!(worker::run_once(&rig.saga).await.unwrap(), 0);
    rig.tickets.set_mood(Tickets::Answers);
    assert_eq!(worker::run_once(&rig.saga).await.unwrap(), 0, "not before its time");
    rig.clock.advance(TimeDelta::seconds(1));
    assert_eq!(worker::run_once(&rig.saga).await.unwrap(), 1);
    assert_eq!(rig.state(id).await, BookingState::Paid);
    assert_eq!((rig.payments.paid(), rig.tickets.free()), (1, QUOTA - 2));
    assert_eq!(rig.pay(id).await.unwrap().id, id);
}

#[tokio::test]
async fn a_lost_answer_of_the_provider_charges_once() {
    let rig = Rig::new().await;
    let id = rig.booked().await;
    rig.payments.set_mood(Payments::LosesAnswers);
    assert!(matches!(rig.pay(id).await, Err(BookingError::Unavailable { .. })));
    assert_eq!(rig.state(id).await, BookingState::Paying);
    rig.payments.set_mood(Payments::Pays);
    assert_eq!(rig.pay(id).await.unwrap().state(), Some(BookingState::Paid));
    assert_eq!(rig.payments.paid(), 1);
    assert_eq!(rig.payment_states(id).await, [PaymentState::Succeeded]);
}

#[tokio::test]
async fn a_declined_payment_may_be_tried_again_until_the_booking_lapses() {
    let rig = Rig::new().await;
    let id = rig.booked().await;
    rig.payments.set_mood(Payments::Declines);
    assert!(matches!(rig.pay(id).await, Err(BookingError::PaymentFailed { .. })));
    assert_eq!(rig.state(id).await, BookingState::Held);
    rig.payments.set_mood(Payments::Pays);
    assert_eq!(rig.pay(id).await.unwrap().state(), Some(BookingState::Paid));
    assert_eq!(rig.payment_states(id).await, [PaymentState::Failed, PaymentState::Succeeded]);
}

#[tokio::test]
async fn the_wrong_amount_never_pays_a_booking_and_goes_back() {
    let rig = Rig::new().await;
    let id = rig.booked().await;
    rig.payments.set_mood(Payments::PaysWrong(money(PRICE)));
    assert!(matches!(rig.pay(id).await, Err(BookingError::PaymentFailed { .. })));
    assert_eq!(rig.state(id).await, BookingState::Held);
    assert_eq!(rig.refund_states().await, [RefundState::Requested]);
    worker::run_once(&rig.saga).await.unwrap();
    assert_eq!(rig.payments.refunds()[0].amount, money(PRICE), "what was paid, not what was asked");
    rig.payments.set_mood(Payments::Pays);
    assert_eq!(rig.pay(id).await.unwrap().state(), Some(BookingState::Paid));
    assert_eq!(rig.payment_states(id).await, [PaymentState::Reversed, PaymentState::Succeeded]);
}

#[tokio::test]
async fn a_payment_that_waits_for_the_buyer_is_asked_about_until_it_comes_or_lapses() {
    let rig = Rig::new().await;
    let (comes, lapses) = (rig.booked().await, rig.booked().await);
    rig.payments.set_mood(Payments::Waits);
    for id in [comes, lapses] {
        assert_eq!(rig.pay(id).await.unwrap().state(), Some(BookingState::Paying));
        assert_eq!(rig.payment_states(id).await, [PaymentState::Pending]);
    }
    rig.payments.set_mood(Payments::Pays);
    assert_eq!(rig.pay(comes).await.unwrap().state(), Some(BookingState::Paid));
    rig.payments.set_mood(Payments::Waits);
    rig.clock.advance(TimeDelta::seconds(60));
    worker::run_once(&rig.saga).await.unwrap();
    assert_eq!(rig.state(lapses).await, BookingState::Cancelled(CancelReason::Expired));
    assert_eq!(rig.payment_states(lapses).await, [PaymentState::Voided]);
    assert_eq!(rig.tickets.free(), QUOTA - 2);
}

#[tokio::test]
async fn while_the_provider_is_down_a_lapsed_payment_waits_for_its_word() {
    let rig = Rig::new().await;
    let id = rig.booked().await;
    rig.payments.set_mood(Payments::LosesAnswers);
    assert!(rig.pay(id).await.is_err());
    rig.payments.set_mood(Payments::Down);
    rig.clock.advance(TimeDelta::seconds(60));
    worker::run_once(&rig.saga).await.unwrap();
    assert_eq!(rig.state(id).await, BookingState::Paying, "nobody knows whether it is paid");
    rig.payments.set_mood(Payments::Pays);
    rig.clock.advance(TimeDelta::seconds(60));
    worker::run_once(&rig.saga).await.unwrap();
    assert_eq!(rig.state(id).await, BookingState::Paid);
}

#[tokio::test]
async fn a_cancellation_is_finished_when_the_ticket_service_is_back() {
    let rig = Rig::new().await;
    let id = rig.booked().await;
    rig.tickets.set_mood(Tickets::Down);
    let cancelled = bookings::cancel_mine(&rig.saga, &rig.buyer(), id).await;
    assert!(matches!(cancelled, Err(BookingError::Unavailable { .. })));
    assert_eq!(rig.state(id).await, BookingState::Cancelling(CancelReason::Buyer));
    assert!(matches!(rig.pay(id).await, Err(BookingError::Cancelled)));
    rig.tickets.set_mood(Tickets::Answers);
    rig.clock.advance(TimeDelta::seconds(11));
    worker::run_once(&rig.saga).await.unwrap();
    assert_eq!(rig.state(id).await, BookingState::Cancelled(CancelReason::Buyer));
    assert_eq!(rig.tickets.free(), QUOTA);
}

#[tokio::test]
async fn what_is_being_confirmed_is_not_cancelled() {
    let rig = Rig::new().await;
    let id = rig.booked().await;
    rig.tickets.set_mood(Tickets::Down);
    assert!(rig.pay(id).await.is_err());
    let outcome = bookings::cancel_mine(&rig.saga, &rig.buyer(), id).await.unwrap();
    assert!(matches!(outcome, bookings::Cancellation::Refused { .. }));
    assert_eq!(bookings::cancel_event(&rig.saga, rig.order.event_id).await.unwrap(), 1, "still open");
    rig.tickets.set_mood(Tickets::Answers);
    rig.pay(id).await.unwrap();
    assert_eq!(bookings::cancel_event(&rig.saga, rig.order.event_id).await.unwrap(), 0);
}

#[tokio::test]
async fn a_refund_that_is_refused_is_handed_to_a_person() {
    let rig = Rig::new().await;
    let id = rig.booked().await;
    rig.pay(id).await.unwrap();
    assert_eq!(bookings::cancel_event(&rig.saga, rig.order.event_id).await.unwrap(), 0);
    rig.payments.set_mood(Payments::Down);
    worker::run_once(&rig.saga).await.unwrap();
    assert_eq!(rig.refund_states().await, [RefundState::Submitted]);
    rig.payments.set_mood(Payments::Pays);
    rig.payments.refuse_refunds(true);
    rig.clock.advance(TimeDelta::seconds(60));
    worker::run_once(&rig.saga).await.unwrap();
    assert_eq!(rig.refund_states().await, [RefundState::Manual]);
    assert_eq!(rig.payment_states(id).await, [PaymentState::Succeeded], "the money is not back");
}

#[tokio::test]
async fn a_booking_with_no_time_to_live_holds_nothing() {
    let rig = Rig::new().await;
    let outcome = bookings::create(&rig.saga, rig.order, None, TimeDelta::zero()).await;
    assert!(matches!(outcome, Err(BookingError::Lapsed)));
    assert_eq!(rig.tickets.free(), QUOTA);
}
