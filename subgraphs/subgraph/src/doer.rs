//! Whose doing it is what happens now: a fact of the task, as its tracing span is.
//!
//! The endpoint says it once for each request; whatever the request does in its own task then knows. Passed as an argument it would go through
//! every use-case and store of four services, and the one that forgets it would not be found. What runs in no request is the process itself: its
//! workers. Only the audit log asks; rights are decided by the [`Caller`] that a use-case is given.

use std::borrow::Cow;

use service::identity::{Actor, Caller, Role, ServiceName};
use service::request_id::RequestId;

tokio::task_local! {
    static DOER: Doer;
}

/// Who does something, and in which request.
#[derive(Debug, Clone)]
pub struct Doer {
    who: Who,
    request: Option<RequestId>,
}

#[derive(Debug, Clone, Copy)]
enum Who {
    Caller(Caller),
    Named(&'static str),
}

impl Doer {
    /// The process itself.
    const WORKER: Self = Self { who: Who::Named("worker"), request: None };

    /// Whoever makes a request.
    #[must_use]
    pub const fn caller(caller: Caller, request: RequestId) -> Self {
        Self { who: Who::Caller(caller), request: Some(request) }
    }

    /// Somebody who proved to be `name` in another way than by a token.
    #[must_use]
    pub const fn named(name: &'static str, request: RequestId) -> Self {
        Self { who: Who::Named(name), request: Some(request) }
    }

    /// Who does what happens in this task.
    #[must_use]
    pub fn current() -> Self {
        DOER.try_with(Self::clone).unwrap_or(Self::WORKER)
    }

    /// Runs `work` as this one's doing.
    pub async fn does<F: Future>(self, work: F) -> F::Output {
        DOER.scope(self, work).await
    }

    /// `user:<id>`, `service:<name>`, `nobody`, or the name. The router speaks for others and does nothing itself.
    #[must_use]
    pub fn name(&self) -> Cow<'static, str> {
        match self.who {
            Who::Named(name) => name.into(),
            Who::Caller(Caller { actor: Actor::User(user), .. }) => user_name(user.id).into(),
            Who::Caller(Caller { service: None | Some(ServiceName::Router), .. }) => "nobody".into(),
            Who::Caller(Caller { service: Some(service), .. }) => format!("service:{service}").into(),
        }
    }

    /// The role of the user, as the token has it.
    #[must_use]
    pub fn role(&self) -> Option<Role> {
        match &self.who {
            Who::Caller(caller) => caller.actor.user().map(|user| user.role),
            Who::Named(_) => None,
        }
    }

    /// The id of the request.
    #[must_use]
    pub fn request_id(&self) -> Option<String> {
        self.request.as_ref().map(|request| request.as_str().to_owned())
    }
}

/// How a user is named as a doer.
#[must_use]
pub fn user_name(id: impl std::fmt::Display) -> String {
    format!("user:{id}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    async fn seen_as(caller: Caller) -> (String, Option<Role>) {
        let doer = Doer::caller(caller, RequestId::new());
        doer.does(async { (Doer::current().name().into_owned(), Doer::current().role()) }).await
    }

    #[tokio::test]
    async fn a_request_is_its_callers_doing_and_everything_else_the_workers() {
        let id = Uuid::now_v7();
        let admin = Caller { service: Some(ServiceName::Router), ..Caller::user(id, Role::Admin) };
        assert_eq!(seen_as(admin).await, (format!("user:{id}"), Some(Role::Admin)));
        assert_eq!(seen_as(Caller::service(ServiceName::Event)).await, ("service:event".to_owned(), None));
        assert_eq!(seen_as(Caller::service(ServiceName::Router)).await, ("nobody".to_owned(), None));
        assert_eq!(seen_as(Caller::ANONYMOUS).await, ("nobody".to_owned(), None));
        assert_eq!((Doer::current().name(), Doer::current().request_id()), ("worker".into(), None));
    }
}
