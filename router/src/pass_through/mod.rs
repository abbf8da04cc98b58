//! The old paths: `/user/*`, `/event/*`, `/ticket/*`, `/booking/*`, and those that configuration adds, each straight to its service.
//!
//! The router plans nothing here. It holds what holds on `/graphql`: the guard, the limits, the deadline, no federation fields, no foreign
//! service credential. The request's body is received before it is forwarded, because the guard must have seen it whole; the answer's body
//! streams. Towards a process of the house the router proves itself, so that the client's address which it adds is believed; what that proof
//! would open besides (`_entities`, `_service`) the guard has refused by then. What a service tells operators, the router tells operators only.

mod checks;
mod forward;
mod headers;
mod target;

use std::sync::Arc;

use http::header::AUTHORIZATION;
use poem::{Endpoint, Request, Response, endpoint::make};
use service::protocol::MediaType;

use crate::{admin, app::App, auth, http::refused, refusal::Refusal};

/// The endpoint for every path that is no other's.
pub fn endpoint(app: &Arc<App>) -> impl Endpoint<Output = Response> + 'static {
    let app = Arc::clone(app);
    make(move |request| {
        let app = Arc::clone(&app);
        async move { pass(&app, request).await.unwrap_or_else(|refusal| refused(MediaType::Json, &refusal)) }
    })
}

async fn pass(app: &App, mut request: Request) -> Result<Response, Refusal> {
    let target = target::find(app, request.uri()).ok_or(Refusal::NotFound)?;
    if target.is_for_operators {
        admin::admit(app.config.admin_token.as_ref(), &request)?;
        // It held the admin token, which is no user's and none of the service's business.
        request.headers_mut().remove(AUTHORIZATION);
    }
    auth::identify(app, request.headers()).await?;
    let body = checks::check(app, &mut request).await?;
    forward::forward(app, &target, request, body).await
}
