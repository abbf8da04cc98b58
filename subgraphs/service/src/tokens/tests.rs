//! Every forgery that the rules name, and the ways of keys.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use http::HeaderMap;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use poem::{IntoResponse, Route, endpoint::make_sync, get};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::*;
use crate::identity::{Role, ServiceName};

fn key(kid: &str) -> SigningKey {
    SigningKey::generate(kid).unwrap()
}

fn verifier(key: &SigningKey) -> UserVerifier {
    UserVerifier::new(PublicKeys::of([key]).unwrap(), "eventhub-user", "eventhub")
}

fn claims() -> Value {
    let now = Utc::now().timestamp();
    json!({
        "iss": "eventhub-user", "aud": "eventhub", "sub": Uuid::now_v7(), "role": "CUSTOMER", "ver": 3,
        "iat": now, "nbf": now, "exp": now + 900, "jti": "t-1",
    })
}

fn header(kid: &str) -> Value {
    json!({ "alg": "EdDSA", "typ": "JWT", "kid": kid })
}

/// Signs any header and claims, as no honest signer would.
fn forge(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key.encoding(), Algorithm::EdDSA).unwrap();
    format!("{message}.{signature}")
}

fn with(mut object: Value, name: &str, value: impl Into<Value>) -> Value {
    object[name] = value.into();
    object
}

fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name);
    object
}

async fn refusal(key: &SigningKey, header: &Value, claims: &Value) -> TokenError {
    verifier(key).verify(&forge(key, header, claims)).await.unwrap_err()
}

#[tokio::test]
async fn a_token_proves_what_it_says() {
    let key = key("k1");
    let proved = verifier(&key).verify(&forge(&key, &header("k1"), &claims())).await.unwrap();
    assert_eq!((proved.role, proved.ver, proved.user().token_version), (Role::Customer, 3, 3));
    let again = verifier(&key).verify(&proved.sign(&key).unwrap()).await.unwrap();
    assert_eq!(again, proved);
}

#[tokio::test]
async fn the_algorithm_is_the_keys() {
    let key = key("k1");
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    for alg in ["none", "None", "NONE", "HS256", "RS256", "ES256", "eddsa"] {
        let unsigned = format!("{}.{}.", part(&with(header("k1"), "alg", alg)), part(&claims()));
        assert_eq!(verifier(&key).verify(&unsigned).await, Err(TokenError::Algorithm), "{alg}");
    }
    // HS256 with the public key, in every form an attacker could know it, as the shared secret.
    let x = key.public_jwk()["x"].as_str().unwrap().to_owned();
    let raw = URL_SAFE_NO_PAD.decode(&x).unwrap();
    for secret in [raw.as_slice(), x.as_bytes(), key.public_jwk().to_string().as_bytes()] {
        let mut hs = Header::new(Algorithm::HS256);
        hs.kid = Some("k1".into());
        let token = jsonwebtoken::encode(&hs, &claims(), &EncodingKey::from_secret(secret)).unwrap();
        assert_eq!(verifier(&key).verify(&token).await, Err(TokenError::Algorithm));
    }
}

#[tokio::test]
async fn a_token_cannot_bring_its_key() {
    let (trusted, mallory) = (key("k1"), key("k1"));
    for (name, value) in [
        ("jwk", mallory.public_jwk()),
        ("jku", json!("https://mallory.example/jwks.json")),
        ("x5u", json!("https://mallory.example/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!("abc")),
        ("x5t#S256", json!("abc")),
        ("crit", json!(["b64"])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
    ] {
        let token = forge(&mallory, &with(header("k1"), name, value), &claims());
        assert_eq!(verifier(&trusted).verify(&token).await, Err(TokenError::ForeignHeader(name)));
    }
    let token = forge(&mallory, &header("k1"), &claims());
    assert_eq!(verifier(&trusted).verify(&token).await, Err(TokenError::Signature));
}

#[tokio::test]
async fn every_claim_is_required() {
    let key = key("k1");
    for name in ["iss", "aud", "sub", "role", "ver", "iat", "nbf", "exp", "jti"] {
        assert_eq!(
            refusal(&key, &header("k1"), &without(claims(), name)).await,
            TokenError::Malformed,
            "{name}"
        );
        let null = with(claims(), name, Value::Null);
        assert_eq!(refusal(&key, &header("k1"), &null).await, TokenError::Malformed, "{name}");
    }
}

#[tokio::test]
async fn every_claim_has_its_type() {
    let key = key("k1");
    for (name, odd) in [
        ("iss", json!(1)),
        ("aud", json!(["eventhub"])),
        ("sub", json!("someone")),
        ("sub", json!(7)),
        ("role", json!("admin")),
        ("role", json!("ROOT")),
        ("role", json!(["ADMIN"])),
        ("ver", json!("3")),
        ("ver", json!(1.5)),
        ("exp", json!("9999999999")),
        ("exp", json!(1e300)),
        ("exp", json!(true)),
        ("nbf", json!({})),
        ("jti", json!("")),
    ] {
        let odd = with(claims(), name, odd);
        assert_eq!(refusal(&key, &header("k1"), &odd).await, TokenError::Malformed, "{odd}");
    }
}

#[tokio::test]
async fn time_issuer_and_audience_must_fit() {
    let key = key("k1");
    let now = Utc::now().timestamp();
    for (name, value, expected) in [
        ("exp", json!(now - 60), TokenError::Expired),
        ("exp", json!(0), TokenError::Expired),
        ("exp", json!(-1), TokenError::Expired),
        ("exp", json!(i64::MIN), TokenError::Expired),
        ("nbf", json!(now + 60), TokenError::NotYet),
        ("nbf", json!(i64::MAX), TokenError::NotYet),
        ("iat", json!(now + 60), TokenError::NotYet),
        ("iss", json!("mallory"), TokenError::Issuer),
        ("iss", json!("EVENTHUB-USER"), TokenError::Issuer),
        ("aud", json!("ticket"), TokenError::Audience),
        ("aud", json!(""), TokenError::Audience),
    ] {
        assert_eq!(
            refusal(&key, &header("k1"), &with(claims(), name, value.clone())).await,
            expected,
            "{name} {value}"
        );
    }
}

#[tokio::test]
async fn the_shape_is_checked_before_any_key() {
    let key = key("k1");
    let good = forge(&key, &header("k1"), &claims());
    let long = forge(&key, &header("k1"), &with(claims(), "jti", "x".repeat(LONGEST_TOKEN)));
    assert_eq!(verifier(&key).verify(&long).await, Err(TokenError::TooLong));
    for bad in [
        "",
        ".",
        "..",
        "a.b.c",
        "....",
        &good[..good.len() - 4],
        &format!("{good}.x"),
        &format!("{good}="),
        "é.é.é",
    ] {
        let error = verifier(&key).verify(bad).await.unwrap_err();
        assert!(matches!(error, TokenError::Malformed | TokenError::Signature), "{bad}: {error}");
    }
    for (name, value, expected) in [
        ("typ", json!("eventhub-service+jwt"), TokenError::Kind),
        ("typ", json!("at+jwt"), TokenError::Kind),
        ("kid", json!("other"), TokenError::UnknownKey),
        ("kid", json!("../../etc/passwd"), TokenError::UnknownKey),
        ("kid", json!(""), TokenError::Malformed),
        ("kid", json!(["k1"]), TokenError::Malformed),
    ] {
        assert_eq!(refusal(&key, &with(header("k1"), name, value), &claims()).await, expected);
    }
    assert_eq!(refusal(&key, &without(header("k1"), "typ"), &claims()).await, TokenError::Kind);
    assert_eq!(refusal(&key, &without(header("k1"), "kid"), &claims()).await, TokenError::Malformed);
}

#[tokio::test]
async fn any_changed_byte_is_noticed() {
    let key = key("k1");
    let good = forge(&key, &header("k1"), &claims());
    for at in (0..good.len()).step_by(3) {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(verifier(&key).verify(&changed).await.is_err(), "byte {at}");
    }
}

#[tokio::test]
async fn the_header_is_bearer_and_comes_once() {
    let key = key("k1");
    let verifier = verifier(&key);
    let good = forge(&key, &header("k1"), &claims());
    let headers = |values: &[&str]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("authorization", value.parse().unwrap());
        }
        headers
    };
    assert_eq!(verifier.authenticate(&HeaderMap::new()).await, Ok(None));
    let bearer = format!("bearer {good}");
    assert!(verifier.authenticate(&headers(&[&bearer])).await.unwrap().is_some());
    for bad in [&["Basic YTpi"][..], &["Bearer"], &["Bearer "], &[""], &[&good], &[&bearer, &bearer]] {
        assert_eq!(verifier.authenticate(&headers(bad)).await, Err(TokenError::Header), "{bad:?}");
    }
}

#[test]
fn a_key_set_holds_ed25519_signature_keys_only() {
    let jwk = key("k1").public_jwk();
    let set = |jwk: &Value| PublicKeys::from_jwks(&json!({ "keys": [jwk] }).to_string());
    assert_eq!(set(&jwk).unwrap().kids(), ["k1"]);
    for (name, value) in [
        ("kty", json!("RSA")),
        ("kty", json!("oct")),
        ("crv", json!("X25519")),
        ("alg", json!("HS256")),
        ("use", json!("enc")),
        ("kid", json!("")),
        ("x", json!("AAAA")),
        ("d", json!("secret")),
    ] {
        assert!(set(&with(jwk.clone(), name, value.clone())).is_err(), "{name} {value}");
    }
    assert!(PublicKeys::from_jwks(&json!({ "keys": [jwk, jwk] }).to_string()).is_err());
    assert!(PublicKeys::from_jwks("[]").is_err());
}

#[test]
fn private_keys_survive_pem_and_der_and_do_not_show_themselves() {
    let key = key("k1");
    let from_pem = SigningKey::from_pem("k1", key.pem().expose()).unwrap();
    let from_der = SigningKey::from_pkcs8("k1", key.pkcs8().expose()).unwrap();
    assert_eq!((from_pem.public_jwk(), from_der.public_jwk()), (key.public_jwk(), key.public_jwk()));
    assert_eq!(format!("{key:?} {:?}", key.pem()), "SigningKey(k1) ••••");
    assert!(
        SigningKey::from_pem("k1", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----").is_err()
    );
    // As `openssl genpkey -algorithm ed25519` writes it: without the public half.
    let openssl = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
    let key = SigningKey::from_pem("o", openssl).unwrap();
    assert_eq!(key.public_jwk()["x"], "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE");
}

#[test]
fn a_service_token_is_for_one_callee_and_one_minute() {
    let booking = key("booking");
    let keys = PublicKeys::of([&booking]).unwrap();
    let token = ServiceSigner::new(booking.clone()).token_for(ServiceName::Ticket).unwrap();
    let ticket = ServiceVerifier::new(keys.clone(), ServiceName::Ticket);
    assert_eq!(ticket.verify(&token), Ok(ServiceName::Booking));
    assert_eq!(ServiceVerifier::new(keys, ServiceName::Event).verify(&token), Err(TokenError::Audience));
    assert_eq!(
        ServiceVerifier::trusting_nobody(ServiceName::Ticket).verify(&token),
        Err(TokenError::UnknownKey)
    );

    let now = Utc::now().timestamp();
    let header = json!({ "alg": "EdDSA", "typ": "eventhub-service+jwt", "kid": "booking" });
    let claims = json!({ "iss": "booking", "aud": "ticket", "iat": now, "exp": now + 60 });
    let forged = |header: &Value, claims: &Value| ticket.verify(&forge(&booking, header, claims));
    assert_eq!(forged(&header, &claims), Ok(ServiceName::Booking));
    for (name, value, expected) in [
        ("exp", json!(now + 61), TokenError::Lifetime),
        ("exp", json!(now - 1), TokenError::Lifetime),
        ("iat", json!(i64::MIN), TokenError::Lifetime),
        ("iss", json!("event"), TokenError::Issuer),
        ("aud", json!("eventhub"), TokenError::Audience),
    ] {
        assert_eq!(forged(&header, &with(claims.clone(), name, value)), Err(expected), "{name}");
    }
    let old = with(with(claims.clone(), "iat", now - 120), "exp", now - 60);
    assert_eq!(forged(&header, &old), Err(TokenError::Expired));
    let early = with(with(claims.clone(), "iat", now + 30), "exp", now + 60);
    assert_eq!(forged(&header, &early), Err(TokenError::NotYet));
    // In another's name: the key id says whose key verifies, so the signature does not fit.
    assert_eq!(forged(&with(header.clone(), "kid", "event"), &claims), Err(TokenError::UnknownKey));
    assert_eq!(forged(&with(header.clone(), "kid", "nobody"), &claims), Err(TokenError::UnknownKey));
    assert_eq!(forged(&with(header, "typ", "JWT"), &claims), Err(TokenError::Kind));
}

#[tokio::test]
async fn a_service_token_is_no_user_token() {
    let booking = key("booking");
    let token = ServiceSigner::new(booking.clone()).token_for(ServiceName::Ticket).unwrap();
    assert_eq!(verifier(&booking).verify(&token).await, Err(TokenError::Kind));
}

#[test]
fn a_trust_file_names_services_only() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("trust.json");
    std::fs::write(&path, jwks([&key("booking")]).to_string()).unwrap();
    assert!(ServiceVerifier::from_file(&path, ServiceName::Ticket).is_ok());
    std::fs::write(&path, jwks([&key("mallory")]).to_string()).unwrap();
    assert!(ServiceVerifier::from_file(&path, ServiceName::Ticket).is_err());
    assert!(ServiceVerifier::from_file(&directory.path().join("gone"), ServiceName::Ticket).is_err());
}

/// A JWKS URL that counts how often it is asked.
async fn served(
    body: impl Fn() -> poem::Response + Send + Sync + 'static,
) -> (reqwest::Url, Arc<AtomicUsize>, CancellationToken) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let endpoint = make_sync(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        body()
    });
    let listener = crate::server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let url = format!("http://{}/jwks.json", listener.local_addr().unwrap()).parse().unwrap();
    let stop = CancellationToken::new();
    let route = Route::new().at("/jwks.json", get(endpoint));
    tokio::spawn(crate::server::serve(listener, route, stop.clone(), crate::server::Options::default()));
    (url, asked, stop)
}

fn remote(url: &reqwest::Url) -> UserVerifier {
    let keys = KeySource::remote(crate::http_client::build().unwrap(), url.clone());
    UserVerifier::new(keys, "eventhub-user", "eventhub")
}

#[tokio::test]
async fn remote_keys_are_fetched_once_and_unknown_ids_do_not_hammer() {
    let key = key("k1");
    let document = jwks([&key]).to_string();
    let (url, asked, stop) = served(move || document.clone().into_response()).await;
    let verifier = remote(&url);
    let good = forge(&key, &header("k1"), &claims());
    let runs = (0..20).map(|_| verifier.verify(&good));
    assert!(futures_util::future::join_all(runs).await.iter().all(Result::is_ok));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    for kid in 0..50 {
        let unknown = forge(&key, &header(&format!("invented-{kid}")), &claims());
        assert_eq!(verifier.verify(&unknown).await, Err(TokenError::UnknownKey));
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    stop.cancel();
    assert!(verifier.verify(&good).await.is_ok(), "known keys outlive their source");
}

#[tokio::test]
async fn without_keys_nobody_can_say() {
    let key = key("k1");
    let good = forge(&key, &header("k1"), &claims());
    let nowhere = "http://127.0.0.1:1/jwks.json".parse().unwrap();
    assert_eq!(remote(&nowhere).verify(&good).await, Err(TokenError::KeysUnavailable));
    let elsewhere: [fn() -> poem::Response; 4] = [
        || "no jwks".into_response(),
        || http::StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        || {
            poem::Response::builder()
                .status(http::StatusCode::FOUND)
                .header("location", "http://127.0.0.1:1/")
                .finish()
        },
        || " ".repeat(100_000).into_response(),
    ];
    for body in elsewhere {
        let (url, _, _stop) = served(body).await;
        assert_eq!(remote(&url).verify(&good).await, Err(TokenError::KeysUnavailable));
    }
}
