//! Lists: selected, paged, and whole.

use serde_json::{Value, json};

use crate::world::*;

fn names(answer: &Value) -> Vec<(String, String)> {
    let name =
        |record: &Value| (record["owner"].as_str().unwrap().into(), record["label"].as_str().unwrap().into());
    answer["records"].as_array().unwrap().iter().map(name).collect()
}

fn sequences(answer: &Value) -> Vec<u64> {
    answer["events"].as_array().unwrap().iter().map(|event| event["sequence"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn pages_of_any_size_make_the_same_list() {
    let server = World::populated().await.serve().await;
    let whole = names(&server.json("/v1/31337/records").await);
    assert_eq!(whole.len(), 4);
    for limit in 1..=5 {
        let mut together = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = server.json(&format!("/v1/31337/records?limit={limit}{cursor}")).await;
            assert!(names(&page).len() <= limit);
            together.extend(names(&page));
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(together, whole, "limit {limit}");
    }
}

#[tokio::test]
async fn records_are_selected_by_owner_label_signer_key_and_status() {
    let server = World::populated().await.serve().await;
    let selected = [
        (format!("owner={}", owner(1)), vec![(1, ""), (1, "desk-7")]),
        ("label=desk-7".into(), vec![(1, "desk-7"), (2, "desk-7"), (3, "desk-7")]),
        ("label=".into(), vec![(1, "")]),
        (format!("signer=0x{}", hex::encode(key(15).address())), vec![(3, "desk-7")]),
        (format!("key=0x{}", hex::encode(key(15).compressed())), vec![(3, "desk-7")]),
        (format!("key={}", uncompressed(12)), vec![(1, "desk-7")]),
        // A key that was rotated away is nobody's any more.
        (format!("key={}", uncompressed(11)), vec![]),
        ("label=desk-7&status=active".into(), vec![(1, "desk-7"), (3, "desk-7")]),
        ("status=revoked".into(), vec![(2, "desk-7")]),
        ("status=expired".into(), vec![]),
    ];
    for (query, expected) in selected {
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(number, label)| (owner(number).to_string(), label.to_owned()))
            .collect();
        assert_eq!(names(&server.json(&format!("/v1/31337/records?{query}")).await), expected, "{query}");
    }
}

fn uncompressed(secret: u8) -> String {
    let (x, y) = key(secret).xy();
    format!("04{}{}", hex::encode(x), hex::encode(y))
}

#[tokio::test]
async fn a_cursor_of_another_list_or_a_changed_one_is_refused() {
    let server = World::populated().await.serve().await;
    let page = server.json("/v1/31337/records?label=desk-7&limit=1").await;
    let cursor = page["next"].as_str().unwrap();
    assert_eq!(
        names(&server.json(&format!("/v1/31337/records?label=desk-7&cursor={cursor}")).await).len(),
        2
    );
    let changed = cursor.replace(&cursor[20..21], if &cursor[20..21] == "0" { "1" } else { "0" });
    for path in [
        format!("/v1/31337/records?cursor={cursor}"),
        format!("/v1/31337/records?label=desk-7&status=active&cursor={cursor}"),
        format!("/v1/31337/records?label=desk-7&cursor={changed}"),
        "/v1/31337/records?label=desk-7&cursor=".into(),
        "/v1/31337/records?label=desk-7&cursor=zz".into(),
    ] {
        let problem = server.problem(&path).await;
        assert_eq!((&problem["status"], &problem["parameter"]), (&json!(400), &json!("cursor")), "{path}");
    }
}

#[tokio::test]
async fn the_active_set_of_a_venue_has_nobody_who_was_revoked() {
    let server = World::populated().await.serve().await;
    let set = server.json("/v1/31337/venues/desk-7/active").await;
    assert_eq!((&set["label"], &set["tip"]["number"]), (&json!("desk-7"), &json!(5)));
    let owners: Vec<_> = names(&set).into_iter().map(|(owner, _)| owner).collect();
    assert_eq!(owners, [owner(1).to_string(), owner(3).to_string()]);
    assert!(
        set["records"].as_array().unwrap().iter().all(|record| record["versions_held"] == record["version"])
    );
}

#[tokio::test]
async fn a_history_goes_back_to_the_first_version() {
    let server = World::populated().await.serve().await;
    let path = format!("/v1/31337/records/{}/-/history", owner(1));
    let history = server.json(&path).await;
    let kinds: Vec<_> = history["events"].as_array().unwrap().iter().map(|event| &event["kind"]).collect();
    assert_eq!(kinds, ["bundle_anchored", "rotated", "registered"]);
    assert_eq!(history["versions"], json!({"newest": 2, "complete": true}));
    assert_eq!(history["next"], Value::Null);
    let page = server.json(&format!("{path}?limit=2")).await;
    assert_eq!(page["next"], sequences(&page)[1]);
    let rest = server.json(&format!("{path}?limit=2&before={}", page["next"])).await;
    assert_eq!([sequences(&page), sequences(&rest)].concat(), sequences(&history));
    assert_eq!(rest["next"], Value::Null);
    let nobody = server.json(&format!("/v1/31337/records/{}/-/history", owner(8))).await;
    assert_eq!((&nobody["events"], &nobody["versions"]["newest"]), (&json!([]), &json!(0)));
}

#[tokio::test]
async fn an_event_has_the_fields_of_its_kind() {
    let server = World::populated().await.serve().await;
    let history = server.json(&format!("/v1/31337/records/{}/desk-7/history", owner(2))).await;
    let revocation = &history["events"][0];
    assert_eq!((&revocation["kind"], &revocation["reason"]), (&json!("revoked"), &json!("key_compromised")));
    assert_eq!(
        (&revocation["block"], &revocation["log_index"], &revocation["version"]),
        (&json!(4), &json!(0), &json!(1))
    );
    assert_eq!(revocation.get("x"), None);
    let registration = &history["events"][1];
    assert_eq!(registration["x"], format!("0x{}", hex::encode(key(13).xy().0)));
    assert_eq!(registration.get("reason"), None);
}

#[tokio::test]
async fn revocations_are_listed_since_a_number_or_a_block() {
    let mut world = World::populated().await;
    world.block(vec![revoked(owner(3), "desk-7", 1, 15)]).await;
    let server = world.serve().await;
    let all = server.json("/v1/31337/revocations").await;
    assert_eq!(sequences(&all), [7, 9]);
    assert_eq!(all["next"], Value::Null);
    let expected: [(&str, &[u64]); 8] = [
        ("after=7", &[9]),
        ("after=9", &[]),
        ("since_block=0", &[7, 9]),
        ("since_block=4", &[7, 9]),
        ("since_block=5", &[9]),
        ("since_block=6", &[9]),
        ("since_block=7", &[]),
        ("since_block=4&after=7", &[9]),
    ];
    for (query, expected) in expected {
        assert_eq!(
            sequences(&server.json(&format!("/v1/31337/revocations?{query}")).await),
            expected,
            "{query}"
        );
    }
    let first = server.json("/v1/31337/revocations?limit=1").await;
    assert_eq!((sequences(&first), &first["next"]), (vec![7], &json!(7)));
}

#[tokio::test]
async fn a_revocation_that_was_reorganised_away_is_followed_by_that_news() {
    let mut world = World::populated().await;
    world.reorganise(3).await;
    world.block(vec![revoked(owner(3), "desk-7", 1, 15)]).await;
    let server = world.serve().await;
    let after = server.json("/v1/31337/revocations?after=6").await;
    let kinds: Vec<_> = after["events"].as_array().unwrap().iter().map(|event| &event["kind"]).collect();
    assert_eq!(kinds, ["reorganised", "revoked"]);
    assert_eq!(
        after["events"][0],
        json!({"sequence": 9, "kind": "reorganised", "block": 3, "hash": header(3, 0).hash_slow()})
    );
    assert_eq!(sequences(&server.json("/v1/31337/revocations?since_block=4").await).last(), Some(&10));
    let bob = server.json(&format!("/v1/31337/records/{}/desk-7", owner(2))).await;
    assert_eq!(bob["record"]["status"], "active");
}

#[tokio::test]
async fn operators_are_listed_with_their_ends() {
    let server = World::populated().await.serve().await;
    let answer = server.json(&format!("/v1/31337/operators/{}", owner(1))).await;
    assert_eq!(answer["operators"], json!([{"operator": owner(9).to_string(), "until": 1_800_000_000}]));
    assert_eq!(server.json(&format!("/v1/31337/operators/{}", owner(2))).await["operators"], json!([]));
}
