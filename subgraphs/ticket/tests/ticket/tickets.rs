//! Tickets: who may see one, what its code says, how it is drawn, and what the door makes of it.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use entities::ticket::tickets::Entity;
use futures_util::future::join_all;
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use service::identity::{Role, ServiceName};
use subgraph::testing::common;
use ticket::domain::signed::Claim;
use ticket::keys::{CodeKeys, KeyError, Reading};
use uuid::Uuid;

use crate::shop::{BUYER, Sale, Shop, VOID, id, noon};

const TICKET: &str = "id code status seq event { id } ticketType { id name } booking { id } usedAt usedGate";
const CHECKED: &str = "outcome ticket { id status } first { gate scannedAt } conflicts { gate scannedAt }";

/// Buys `quantity` tickets; answers with the booking.
async fn buy(shop: &Shop, sale: &Sale, quantity: i64) -> String {
    let booking = id();
    shop.hold(&booking, sale, quantity).data().await;
    shop.confirm(&booking).data().await;
    booking
}

async fn mine(shop: &Shop, arguments: &str) -> Vec<Value> {
    let call = shop.service.call(format!("{{ myTickets{arguments} {{ {TICKET} }} }}"));
    let data = call.as_user(BUYER.parse().unwrap(), Role::Customer).data().await;
    data["myTickets"].as_array().unwrap().clone()
}

async fn code_of(shop: &Shop) -> String {
    mine(shop, "").await[0]["code"].as_str().unwrap().to_owned()
}

async fn ticket(shop: &Shop, code: &str, user: &str, role: Role) -> Value {
    let call = shop.service.call("query($code: String!) { ticket(code: $code) { id } }");
    call.variable("code", code).as_user(user.parse().unwrap(), role).data().await["ticket"].clone()
}

async fn check_in(shop: &Shop, code: &str, gate: &str, event: Option<&str>) -> Value {
    let document = format!(
        "mutation($code: String!, $gate: String!, $event: ID) {{
            checkIn(code: $code, gate: $gate, eventId: $event) {{ {CHECKED} }} }}"
    );
    let call = shop.service.call(document).variable("code", code).variable("gate", gate);
    let call = call.variable("event", event).as_user(Uuid::now_v7(), Role::Staff);
    call.data().await["checkIn"].clone()
}

async fn upload(shop: &Shop, scans: Value) -> Vec<Value> {
    let document =
        format!("mutation($scans: [ScanInput!]!) {{ uploadScans(scans: $scans) {{ {CHECKED} }} }}");
    let call = shop.service.call(document).variable("scans", scans).as_admin();
    call.data().await["uploadScans"].as_array().unwrap().clone()
}

fn at(minutes: i64) -> String {
    (noon() + TimeDelta::minutes(minutes)).to_rfc3339()
}

fn outcomes(answers: &[Value]) -> Vec<&str> {
    answers.iter().map(|answer| answer["outcome"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_buyer_finds_the_tickets_in_pages_and_a_stranger_none() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let (old, new) = (buy(&shop, &sale, 1).await, buy(&shop, &sale, 2).await);
    let all = mine(&shop, "").await;
    let ids: Vec<_> = all.iter().map(|ticket| ticket["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [format!("{new}.1"), format!("{new}.2"), format!("{old}.1")]);
    let first = json!({
        "id": ids[0], "code": all[0]["code"], "status": "VALID", "seq": 1, "event": { "id": sale.event },
        "ticketType": { "id": sale.ticket_type, "name": "REGULAR" }, "booking": { "id": new },
        "usedAt": null, "usedGate": null,
    });
    assert_eq!(all[0], first);
    assert_eq!(mine(&shop, "(limit: 1, offset: 2)").await, all[2..]);
    let call = shop.service.call("{ myTickets { id } }").as_user(Uuid::now_v7(), Role::Admin);
    assert_eq!(call.data().await["myTickets"], json!([]));
    let call = shop.service.call("{ myTickets(limit: 501) { id } }").as_admin();
    assert_eq!(call.refused().await, "BAD_USER_INPUT");
}

#[tokio::test]
async fn a_code_shows_its_ticket_to_its_owner_and_to_the_door() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let booking = buy(&shop, &sale, 1).await;
    let code = code_of(&shop).await;
    let (found, stranger) = (json!({ "id": format!("{booking}.1") }), id());
    assert_eq!(ticket(&shop, &code, BUYER, Role::Customer).await, found);
    assert_eq!(ticket(&shop, &code, &stranger, Role::Staff).await, found);
    assert_eq!(ticket(&shop, &code, &stranger, Role::Admin).await, found);
    assert_eq!(ticket(&shop, &code, &stranger, Role::Customer).await, Value::Null);
    for nothing in ["", "nonsense", &"0".repeat(26), &code[..170], &code.replacen('1', "2", 1)] {
        assert_eq!(ticket(&shop, nothing, BUYER, Role::Admin).await, Value::Null, "{nothing}");
    }
}

#[tokio::test]
async fn a_code_is_verified_with_the_published_key_alone() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let booking = buy(&shop, &sale, 1).await;
    let code = code_of(&shop).await;
    let url = format!("{}/.well-known/ticket-keys.json", shop.service.url);
    let jwks: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
    let [key] = jwks["keys"].as_array().unwrap().as_slice() else { panic!("one key: {jwks}") };
    let [version, kid, payload, signature] = code.split('.').collect::<Vec<_>>()[..] else {
        panic!("{code}")
    };
    assert_eq!((version, kid), ("1", key["kid"].as_str().unwrap()));
    let [public, payload, signature] =
        [key["x"].as_str().unwrap(), payload, signature].map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
    let (message, _) = code.rsplit_once('.').unwrap();
    let key = aws_lc_rs::signature::UnparsedPublicKey::new(&aws_lc_rs::signature::ED25519, public);
    key.verify(message.as_bytes(), &signature).unwrap();
    let uuid = |part: &[u8]| Uuid::from_slice(part).unwrap().to_string();
    assert_eq!((uuid(&payload[..16]), &payload[16..20]), (booking, &[0, 0, 0, 1][..]));
    assert_eq!((uuid(&payload[20..36]), uuid(&payload[36..])), (sale.event, sale.ticket_type));
}

#[tokio::test]
async fn a_replaced_key_signs_and_the_old_codes_stay_valid() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let booking = buy(&shop, &sale, 1).await;
    let old = code_of(&shop).await;
    // Any other Ed25519 key will do for the next one of the service.
    let file = common(ServiceName::Booking).service_key_file;
    let keys = CodeKeys::open(shop.store(), file.as_deref()).await.unwrap();
    let row = Entity::find_by_id((booking.parse().unwrap(), 1)).one(shop.service.database.read()).await;
    let new = keys.sign(&Claim::of(&row.unwrap().unwrap()));
    assert_ne!(new, old);
    let found = json!({ "id": format!("{booking}.1") });
    assert_eq!(
        ticket(&shop, &new, BUYER, Role::Customer).await,
        found,
        "a replica with the old key knows the new"
    );
    assert!(matches!(keys.read(&old).await, Ok(Reading::Signed(_))), "one with the new key knows the old");
    assert_eq!(keys.jwks().await.unwrap()["keys"].as_array().map(Vec::len), Some(2));
    let nothing = CodeKeys::open(shop.store(), None).await;
    assert!(matches!(nothing, Err(KeyError::NoServiceKey)));
}

#[tokio::test]
async fn a_code_is_drawn_as_svg_and_as_png() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    buy(&shop, &sale, 1).await;
    let call = shop.service.call("{ myTickets { qr svg: qr(format: SVG) png: qr(format: PNG) } }");
    let data = call.as_user(BUYER.parse().unwrap(), Role::Customer).data().await;
    let drawn = &data["myTickets"][0];
    assert_eq!(drawn["qr"], drawn["svg"]);
    assert!(drawn["svg"].as_str().unwrap().contains("<svg"));
    let png = STANDARD.decode(drawn["png"].as_str().unwrap()).unwrap();
    assert!(png.starts_with(b"\x89PNG\r\n"));
    let many: String = (0..101).map(|nth| format!("q{nth}: qr ")).collect();
    let call = shop.service.call(format!("{{ myTickets {{ {many} }} }}"));
    let refused = call.as_user(BUYER.parse().unwrap(), Role::Customer).refused().await;
    assert_eq!(refused, "DOCUMENT_TOO_COMPLEX", "pictures are dear and aliases are cheap");
}

#[tokio::test]
async fn the_first_scan_lets_in_and_the_second_is_told_of_it() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    buy(&shop, &sale, 1).await;
    let code = code_of(&shop).await;
    let first = json!({ "gate": "North", "scannedAt": at(0) });
    let answer = check_in(&shop, &code, " North ", Some(&sale.event)).await;
    assert_eq!((&answer["outcome"], &answer["first"]), (&json!("ADMITTED"), &first));
    assert_eq!(answer["ticket"]["status"], "USED");
    shop.clock.advance(TimeDelta::minutes(3));
    for gate in ["South", "North"] {
        let answer = check_in(&shop, &code, gate, None).await;
        assert_eq!((&answer["outcome"], &answer["first"]), (&json!("ALREADY_USED"), &first));
    }
    assert_eq!(mine(&shop, "").await[0]["usedGate"], "North");
}

#[tokio::test]
async fn of_many_gates_at_once_one_lets_in() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    buy(&shop, &sale, 1).await;
    let code = &code_of(&shop).await;
    let gates = (0..16).map(|gate| format!("Gate {gate}"));
    let answers = join_all(gates.map(|gate| {
        let shop = &shop;
        async move { (check_in(shop, code, &gate, None).await, gate) }
    }))
    .await;
    let (admitted, refused): (Vec<_>, Vec<_>) =
        answers.iter().partition(|(answer, _)| answer["outcome"] == "ADMITTED");
    let [(_, winner)] = admitted[..] else { panic!("{admitted:?}") };
    assert!(refused.iter().all(|(answer, _)| answer["outcome"] == "ALREADY_USED"));
    assert!(answers.iter().all(|(answer, _)| answer["first"]["gate"] == json!(winner)));
}

#[tokio::test]
async fn whatever_is_wrong_with_a_code_is_an_answer() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let booking = buy(&shop, &sale, 1).await;
    let code = code_of(&shop).await;
    let (message, signature) = code.rsplit_once('.').unwrap();
    let (version, rest) = message.split_once('.').unwrap();
    let (kid, payload) = rest.split_once('.').unwrap();
    let other_ticket = payload.replace(&payload[..4], "AAAA");
    let forged = [
        format!("{message}.{}", signature.chars().rev().collect::<String>()),
        format!("{version}.{kid}.{other_ticket}.{signature}"),
        format!("{version}.0000000000000000.{payload}.{signature}"),
        format!("{message}."),
    ];
    for forged in &forged {
        // A signature turned round may be no base64 at all; then it is not even a forgery.
        let outcome = check_in(&shop, forged, "A", None).await["outcome"].clone();
        assert!(outcome == "FORGED" || outcome == "UNKNOWN", "{forged}: {outcome}");
    }
    assert_eq!(check_in(&shop, &forged[1], "A", None).await["outcome"], "FORGED");
    for unknown in ["", "0123456789", &"0".repeat(26)] {
        let answer = check_in(&shop, unknown, "A", None).await;
        let nothing = json!({ "outcome": "UNKNOWN", "ticket": null, "first": null, "conflicts": [] });
        assert_eq!(answer, nothing, "{unknown}");
    }
    let elsewhere = shop.event(1).await;
    assert_eq!(check_in(&shop, &code, "A", Some(&elsewhere)).await["outcome"], "OTHER_EVENT");
    assert_eq!(mine(&shop, "").await[0]["status"], "VALID", "nothing of it was a use");
    shop.release(&booking, VOID).data().await;
    let answer = check_in(&shop, &code, "A", None).await;
    assert_eq!((&answer["outcome"], &answer["ticket"]["status"]), (&json!("VOIDED"), &json!("VOID")));
    let call = shop.service.call(r#"mutation { checkIn(code: "", gate: " ") { outcome } }"#).as_admin();
    assert_eq!(call.refused().await, "BAD_USER_INPUT");
}

#[tokio::test]
async fn a_used_ticket_is_not_voided_by_the_way() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let booking = buy(&shop, &sale, 2).await;
    check_in(&shop, &code_of(&shop).await, "A", None).await;
    assert_eq!(shop.release(&booking, VOID).refused().await, "INVALID_TRANSITION");
    assert_eq!(shop.tickets(&booking).await, ["USED", "VALID"]);
}

#[tokio::test]
async fn a_ticket_is_taken_back_or_used_but_never_both() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let races = join_all((0..8).map(|_| async {
        let booking = buy(&shop, &sale, 1).await;
        let row = Entity::find_by_id((booking.parse().unwrap(), 1)).one(shop.service.database.read()).await;
        let code = row.unwrap().unwrap().code;
        let scan = check_in(&shop, &code, "A", None);
        let (scan, release) = futures_util::join!(scan, shop.release(&booking, VOID).send());
        let released = release.code().map(str::to_owned);
        (scan["outcome"].clone(), released, shop.tickets(&booking).await)
    }))
    .await;
    for (outcome, refused, statuses) in races {
        let used = (json!("ADMITTED"), Some("INVALID_TRANSITION".to_owned()), vec!["USED".to_owned()]);
        let voided = (json!("VOIDED"), None, vec!["VOID".to_owned()]);
        let ended = (outcome, refused, statuses);
        assert!(ended == used || ended == voided, "{ended:?}");
    }
}

#[tokio::test]
async fn many_tickets_cost_two_statements() {
    let shop = Shop::open().await;
    let sale = shop.sale(50).await;
    buy(&shop, &sale, 50).await;
    let before = shop.service.database.statements();
    assert_eq!(mine(&shop, "").await.len(), 50);
    assert_eq!(shop.service.database.statements() - before, 2, "the tickets, and their types");
}

#[tokio::test]
async fn codes_from_before_they_were_signed_still_open_the_door() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let booking = buy(&shop, &sale, 1).await;
    let row = Entity::find_by_id((booking.parse().unwrap(), 1)).one(shop.service.database.read()).await;
    let old = row.unwrap().unwrap().code;
    assert_eq!(ticket(&shop, &old, BUYER, Role::Customer).await, json!({ "id": format!("{booking}.1") }));
    assert_eq!(check_in(&shop, &old, "A", None).await["outcome"], "ADMITTED");
    assert_eq!(check_in(&shop, &code_of(&shop).await, "B", None).await["outcome"], "ALREADY_USED");
    let scans = json!([{ "code": old, "gate": "A", "scannedAt": at(0) }]);
    assert_eq!(outcomes(&upload(&shop, scans).await), ["ADMITTED"], "the scan that is known already");
}

#[tokio::test]
async fn the_earliest_offline_scan_counts_whichever_is_told_first() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    buy(&shop, &sale, 1).await;
    let code = code_of(&shop).await;
    shop.clock.advance(TimeDelta::minutes(30));
    let scan = |gate: &str, minutes| json!({ "code": code, "gate": gate, "scannedAt": at(minutes) });
    let told = |gate: &str, minutes| json!({ "gate": gate, "scannedAt": at(minutes) });
    let late = upload(&shop, json!([scan("B", 9)])).await;
    assert_eq!((outcomes(&late), &late[0]["conflicts"]), (vec!["ADMITTED"], &json!([])));
    let batch = json!([scan("C", 12), scan("A", 5), scan("A", 5)]);
    let first = upload(&shop, batch.clone()).await;
    assert_eq!(outcomes(&first), ["ALREADY_USED", "ADMITTED", "ADMITTED"]);
    assert_eq!(first[1]["conflicts"], json!([told("B", 9), told("C", 12)]));
    assert!(first.iter().all(|answer| answer["first"] == told("A", 5)));
    assert_eq!(upload(&shop, batch).await, first, "telling again changes nothing");
    let again = upload(&shop, json!([scan("B", 9)])).await;
    assert_eq!((outcomes(&again), &again[0]["first"]), (vec!["ALREADY_USED"], &told("A", 5)));
    let online = check_in(&shop, &code, "D", None).await;
    assert_eq!((&online["outcome"], &online["first"]), (&json!("ALREADY_USED"), &told("A", 5)));
}

#[tokio::test]
async fn an_offline_scan_before_an_online_one_is_a_conflict() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    buy(&shop, &sale, 1).await;
    let code = code_of(&shop).await;
    shop.clock.advance(TimeDelta::minutes(10));
    assert_eq!(check_in(&shop, &code, "Online", None).await["outcome"], "ADMITTED");
    let scans = json!([{ "code": code, "gate": "Offline", "scannedAt": at(4) }]);
    let answers = upload(&shop, scans).await;
    assert_eq!(outcomes(&answers), ["ADMITTED"]);
    assert_eq!(answers[0]["conflicts"], json!([{ "gate": "Online", "scannedAt": at(10) }]));
}

#[tokio::test]
async fn a_gate_whose_clock_is_ahead_opens_no_door_twice() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    buy(&shop, &sale, 1).await;
    let code = code_of(&shop).await;
    let scan = |minutes| json!([{ "code": code, "gate": "Fast", "scannedAt": at(minutes) }]);
    assert_eq!(outcomes(&upload(&shop, scan(6)).await), ["IN_FUTURE"]);
    assert_eq!(mine(&shop, "").await[0]["status"], "VALID");
    assert_eq!(outcomes(&upload(&shop, scan(4)).await), ["ADMITTED"]);
    assert_eq!(check_in(&shop, &code, "Slow", None).await["outcome"], "ALREADY_USED");
}

#[tokio::test]
async fn an_upload_answers_each_scan_and_takes_two_hundred() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    let (voided, _) = (buy(&shop, &sale, 1).await, buy(&shop, &sale, 2).await);
    let codes: Vec<_> = mine(&shop, "").await.iter().map(|ticket| ticket["code"].clone()).collect();
    shop.release(&voided, VOID).data().await;
    let forged = codes[0].as_str().unwrap().replacen("A", "B", 1);
    let codes = [json!("x"), codes[0].clone(), codes[2].clone(), json!(forged), codes[1].clone()];
    let scan = |code: &Value| json!({ "code": code, "gate": "A", "scannedAt": at(0) });
    let answers = upload(&shop, codes.iter().map(scan).collect()).await;
    assert_eq!(outcomes(&answers), ["UNKNOWN", "ADMITTED", "VOIDED", "FORGED", "ADMITTED"]);
    let elsewhere = json!({ "code": codes[1], "gate": "B", "scannedAt": at(-1), "eventId": id() });
    assert_eq!(outcomes(&upload(&shop, json!([elsewhere])).await), ["OTHER_EVENT"]);
    assert_eq!(mine(&shop, "").await[0]["usedGate"], "A", "at another event it was not used");
    let many: Value = (0..201).map(|_| scan(&json!("x"))).collect();
    let call = shop.service.call("mutation($s: [ScanInput!]!) { uploadScans(scans: $s) { outcome } }");
    assert_eq!(call.variable("s", many).as_admin().refused().await, "BAD_USER_INPUT");
}

#[tokio::test]
async fn gates_that_come_back_at_once_agree_on_the_earliest() {
    let shop = Shop::open().await;
    let sale = shop.sale(10).await;
    buy(&shop, &sale, 3).await;
    let codes: Vec<_> = mine(&shop, "").await.iter().map(|ticket| ticket["code"].clone()).collect();
    shop.clock.advance(TimeDelta::minutes(30));
    let of_gate = |gate: i64| -> Value {
        let scans = codes.iter().enumerate().map(|(nth, code)| {
            let minutes = (gate + 3 * nth as i64) % 8;
            json!({ "code": code, "gate": format!("Gate {gate}"), "scannedAt": at(minutes) })
        });
        scans.collect()
    };
    join_all((0..8).map(|gate| upload(&shop, of_gate(gate)))).await;
    for (ticket, gate) in mine(&shop, "").await.iter().zip([0, 5, 2]) {
        assert_eq!((&ticket["usedGate"], &ticket["usedAt"]), (&json!(format!("Gate {gate}")), &json!(at(0))));
    }
}
