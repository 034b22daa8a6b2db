//! What does not change is not sent again, what is long is compressed, and browsers may ask.

use crate::world::*;

#[tokio::test]
async fn an_answer_is_not_sent_again_until_the_tip_moves() {
    let mut world = World::populated().await;
    let server = world.serve().await;
    let record = format!("/v1/31337/records/{}", owner(1));
    for path in [
        record.as_str(),
        "/v1/31337/records?label=desk-7",
        "/v1/31337/venues/desk-7/active",
        "/v1/31337/revocations",
        "/v1/registries",
    ] {
        let first = server.ask(path).await;
        let validator = first.header("etag").to_owned();
        assert!(validator.starts_with("W/\""), "{path} {validator}");
        assert_eq!(first.header("cache-control"), "no-cache");
        let again = server.request("GET", path, &[("if-none-match", &validator)]).await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        assert_eq!(again.header("etag"), validator);
        let among = format!("\"other\", {}", validator.trim_start_matches("W/"));
        assert_eq!(server.request("GET", path, &[("if-none-match", &among)]).await.status, 304, "{path}");
        assert_eq!(
            server.request("GET", path, &[("if-none-match", "\"other\"")]).await.status,
            200,
            "{path}"
        );
    }
    let validator = server.ask(&record).await.header("etag").to_owned();
    world.block(vec![]).await;
    assert_eq!(server.request("GET", &record, &[("if-none-match", &validator)]).await.status, 200);
}

#[tokio::test]
async fn another_question_has_another_validator() {
    let server = World::populated().await.serve().await;
    let mut validators = Vec::new();
    for path in ["/v1/31337/records", "/v1/31337/records?limit=2", "/v1/31337/records?label=desk-7"] {
        validators.push(server.ask(path).await.header("etag").to_owned());
    }
    validators.sort();
    validators.dedup();
    assert_eq!(validators.len(), 3);
}

#[tokio::test]
async fn long_answers_are_compressed_for_who_takes_that() {
    let server = World::populated().await.serve().await;
    let plain = server.ask("/v1/31337/records").await;
    assert_eq!(plain.header("content-encoding"), "");
    let compressed = server.request("GET", "/v1/31337/records", &[("accept-encoding", "gzip")]).await;
    assert_eq!(compressed.header("content-encoding"), "gzip");
    assert_eq!(compressed.body[..2], [0x1f, 0x8b]);
    assert!(compressed.body.len() < plain.body.len() / 2);
    assert_eq!(compressed.header("etag"), plain.header("etag"));
}

#[tokio::test]
async fn pages_of_any_origin_may_ask() {
    let server = World::populated().await.serve().await;
    let answered = server.request("GET", "/v1/registries", &[("origin", "https://example.org")]).await;
    assert_eq!(answered.header("access-control-allow-origin"), "*");
    assert!(answered.header("access-control-expose-headers").contains("etag"));
    let asked = [("origin", "https://example.org"), ("access-control-request-method", "GET")];
    let preflight = server.request("OPTIONS", "/v1/registries", &asked).await;
    assert_eq!((preflight.status, preflight.header("access-control-allow-methods")), (200, "GET"));
}
