//! What this service keeps about a person, who is shown it, and what keeps somebody from being forgotten.

use chrono::TimeDelta;
use serde_json::{Value, json};
use service::identity::{Role, ServiceName};
use subgraph::testing::Call;
use uuid::Uuid;

use crate::shop::{BUYER, Shop, VOID, id};

async fn ahead(shop: &Shop) -> Value {
    let document = format!(r#"{{ ticketsAhead(userId: "{BUYER}") }}"#);
    shop.service.call(document).through(ServiceName::User).data().await["ticketsAhead"].clone()
}

#[tokio::test]
async fn tickets_keep_an_account_until_their_event_is_over() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let (kept, given_back) = (id(), id());
    assert_eq!(ahead(&shop).await, 0);
    for booking in [&kept, &given_back] {
        shop.hold(booking, &sale, 2).data().await;
        shop.confirm(booking).data().await;
    }
    assert_eq!(ahead(&shop).await, 4);
    shop.release(&given_back, VOID).data().await;
    assert_eq!(ahead(&shop).await, 2);
    shop.clock.advance(TimeDelta::hours(26));
    assert_eq!(ahead(&shop).await, 2, "it is going on");
    shop.clock.advance(TimeDelta::hours(1));
    assert_eq!(ahead(&shop).await, 0, "it is over");
}

#[tokio::test]
async fn tickets_are_shown_to_their_owner_and_administrators() {
    let shop = Shop::open().await;
    let sale = shop.sale(1).await;
    let booking = id();
    shop.hold(&booking, &sale, 1).data().await;
    shop.confirm(&booking).data().await;
    let join = format!(
        r#"mutation {{ joinWaitingList(ticketTypeId: "{}", quantity: 2) {{ id }} }}"#,
        sale.ticket_type
    );
    shop.service.call(join).as_user(BUYER.parse().unwrap(), Role::Customer).data().await;
    let personal = || -> Call<'_> {
        let document = "query($r: [_Any!]!) { _entities(representations: $r) { ... on PersonalData {
            tickets { booking { id } status } waitingPlaces { quantity status } ticketLog { action } } } }";
        let representation = json!([{ "__typename": "PersonalData", "id": BUYER }]);
        shop.service.call(document).variable("r", representation).through(ServiceName::Router)
    };
    let own = personal().as_user(BUYER.parse().unwrap(), Role::Customer).data().await;
    let places = json!([{ "quantity": 2, "status": "WAITING" }]);
    let tickets = json!([{ "booking": { "id": booking }, "status": "VALID" }]);
    assert_eq!(own["_entities"], json!([{ "tickets": tickets, "waitingPlaces": places, "ticketLog": [] }]));
    assert_eq!(personal().as_admin().data().await, own);
    assert_eq!(personal().as_user(Uuid::now_v7(), Role::Staff).refused().await, "FORBIDDEN");
}
