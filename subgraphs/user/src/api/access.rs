//! Who may call which root field: the table that the coverage test holds against the schema and tries as everybody.
//!
//! The use-cases decide; this table says what they must decide.

use subgraph::access::{Rule, Who};

/// One row for each root field.
pub const TABLE: &[Rule] = &[
    Rule { field: "Query.users", who: Who::Admin, probe: "{ users { id } }" },
    Rule {
        field: "Query.user",
        who: Who::Admin,
        probe: r#"{ user(id: "00000000-0000-7000-8000-000000000000") { id } }"#,
    },
    Rule { field: "Query.exportMyData", who: Who::User, probe: "{ exportMyData { id } }" },
    Rule {
        field: "Query.exportUserData",
        who: Who::Admin,
        probe: r#"{ exportUserData(id: "00000000-0000-7000-8000-000000000000") { id } }"#,
    },
    Rule { field: "Query.userAudit", who: Who::Admin, probe: "{ userAudit(limit: 1) { id } }" },
    Rule { field: "Query.me", who: Who::User, probe: "{ me { id } }" },
    Rule {
        field: "Mutation.createUser",
        who: Who::Anyone,
        probe: r#"mutation { createUser(name: "", email: "", password: "") { user { id } } }"#,
    },
    Rule {
        field: "Mutation.login",
        who: Who::Anyone,
        probe: r#"mutation { login(email: "nobody@example.com", password: "") { accessToken } }"#,
    },
    // The refresh token is the credential: the test puts a good one where REFRESH_TOKEN stands.
    Rule {
        field: "Mutation.refreshToken",
        who: Who::Anyone,
        probe: r#"mutation { refreshToken(refreshToken: "REFRESH_TOKEN") { accessToken } }"#,
    },
    Rule { field: "Mutation.logout", who: Who::User, probe: "mutation { logout { ok } }" },
    Rule {
        field: "Mutation.updateUser",
        who: Who::OwnerOrAdmin,
        probe: r#"mutation { updateUser(id: "00000000-0000-7000-8000-000000000000", name: "x") { user { id } } }"#,
    },
    Rule {
        field: "Mutation.changePassword",
        who: Who::User,
        probe: r#"mutation { changePassword(currentPassword: "", newPassword: "") { accessToken } }"#,
    },
    Rule {
        field: "Mutation.setRole",
        who: Who::Admin,
        probe: r#"mutation { setRole(id: "00000000-0000-7000-8000-000000000000", role: STAFF) { user { id } } }"#,
    },
    Rule {
        field: "Mutation.deleteUser",
        who: Who::Admin,
        probe: r#"mutation { deleteUser(id: "00000000-0000-7000-8000-000000000000") { ok } }"#,
    },
    Rule {
        field: "Mutation.anonymiseUser",
        who: Who::Admin,
        probe: r#"mutation { anonymiseUser(id: "00000000-0000-7000-8000-000000000000") { ok } }"#,
    },
    Rule {
        field: "Mutation.deleteMyAccount",
        who: Who::User,
        probe: r#"mutation { deleteMyAccount(currentPassword: "") { ok } }"#,
    },
];
