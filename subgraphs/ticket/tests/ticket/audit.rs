//! The audit log of ticket types and of the door.

use serde_json::{Value, json};
use service::identity::{Role, ServiceName};
use subgraph::testing::{assert_append_only, audit_log};
use uuid::Uuid;

use crate::shop::{BUYER, Shop, id};

fn field(name: &str, before: Option<&str>, after: Option<&str>) -> Value {
    json!({ "field": name, "before": before, "after": after })
}

#[tokio::test]
async fn what_becomes_of_a_type_is_told_and_a_sale_writes_nothing() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let booking = id();
    shop.hold(&booking, &sale, 2).data().await;
    shop.confirm(&booking).data().await;
    shop.update(&sale.ticket_type, "{ quota: 8, status: CLOSED }").data().await;
    let sold =
        format!(r#"mutation {{ updateTicketSold(id: "{}", quantity: 1) {{ sold }} }}"#, sale.ticket_type);
    shop.service.call(sold).through(ServiceName::Booking).data().await;
    let empty = shop.create(&sale.event, "VIP", 1, 1).data().await["createTicketType"]["id"].clone();
    let delete = format!("mutation {{ deleteTicketType(id: {empty}) {{ ok }} }}");
    shop.service.call(delete).as_admin().data().await;

    let log = audit_log(&shop.service.database).await;
    let told: Vec<_> = log.iter().map(|entry| json!([entry[0], entry[2]])).collect();
    let expected = [
        json!(["user", "TICKET_TYPE_CREATED"]),
        json!(["user", "TICKET_TYPE_CHANGED"]),
        json!(["service", "TICKET_TYPE_CHANGED"]),
        json!(["user", "TICKET_TYPE_CREATED"]),
        json!(["user", "TICKET_TYPE_DELETED"]),
    ];
    assert_eq!(told, expected, "{log:?}");
    let closed =
        json!([field("quota", Some("10"), Some("8")), field("status", Some("OPEN"), Some("CLOSED"))]);
    assert_eq!(log[1][4], closed);
    assert_eq!(log[2][4], json!([field("sold", Some("2"), Some("3"))]));
    assert_append_only(&shop.service.database).await;
}

#[tokio::test]
async fn a_check_in_is_told_once_with_who_stood_at_the_door() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let booking = id();
    shop.hold(&booking, &sale, 1).data().await;
    shop.confirm(&booking).data().await;
    let mine = shop.service.call("{ myTickets { id code } }");
    let ticket = mine.as_user(BUYER.parse().unwrap(), Role::Customer).data().await["myTickets"][0].clone();
    let staff = Uuid::now_v7();
    for _ in 0..2 {
        let check =
            format!(r#"mutation {{ checkIn(code: {}, gate: "north") {{ outcome }} }}"#, ticket["code"]);
        shop.service.call(check).as_user(staff, Role::Staff).data().await;
    }
    let query = "{ ticketAudit(filter: { action: TICKET_CHECKED_IN }) { actor actorRole subject changes { field after } } }";
    let entry = json!({
        "actor": format!("user:{staff}"), "actorRole": "STAFF", "subject": ticket["id"],
        "changes": [
            { "field": "gate", "after": "north" },
            { "field": "scannedAt", "after": crate::shop::noon().to_rfc3339() },
        ],
    });
    assert_eq!(shop.service.call(query).as_admin().data().await["ticketAudit"], json!([entry]));
}
