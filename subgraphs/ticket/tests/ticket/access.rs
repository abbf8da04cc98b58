//! Who may call what: the table is complete, and true.

use subgraph::access::gaps;
use subgraph::run::Subgraph;
use subgraph::testing::access::contradictions;
use ticket::TicketService;
use ticket::api::access::RULES;

use crate::shop::Shop;

#[test]
fn every_root_field_says_who_may_call_it() {
    assert_eq!(gaps(&TicketService::sdl(), RULES), Vec::<String>::new());
}

#[tokio::test]
async fn everybody_is_let_in_or_refused_as_the_table_says() {
    let shop = Shop::open().await;
    assert_eq!(contradictions(&shop.service, RULES).await, Vec::<String>::new());
}

#[tokio::test]
async fn entities_are_for_services() {
    let shop = Shop::open().await;
    let document = "{ _service { sdl } }";
    assert_eq!(shop.service.call(document).as_admin().refused().await, "FORBIDDEN");
}
