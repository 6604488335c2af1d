//! The store on a real S3 server, versitygw, which the launcher of clusters starts: `cargo build -p dropout-cluster` first.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod faults;
mod fixture;
mod server;

use dropout_store::{Created, Object, Patience, Store, StoreError};
use fixture::{Keys, S3, quick};
use std::{fs, thread};

#[test]
fn an_object_is_created_once_and_never_replaced() {
    let Some(s3) = S3::start() else { return };
    let store = s3.store("once");
    assert_eq!(store.get("versions/1.json").unwrap(), None);
    assert_eq!(store.create("versions/1.json", b"one").unwrap(), Created::Kept);
    assert_eq!(store.create("versions/1.json", b"one").unwrap(), Created::Kept);
    assert_eq!(store.create("versions/1.json", b"two").unwrap(), Created::Other(b"one".to_vec()));
    assert_eq!(store.get("versions/1.json").unwrap().unwrap(), b"one");
    assert_eq!(store.create("empty", b"").unwrap(), Created::Kept);
    assert_eq!(store.get("empty").unwrap().unwrap(), b"");
    let too_large = store.get_at_most("versions/1.json", 2).unwrap_err();
    assert!(matches!(&too_large, StoreError::TooLarge(name, 2) if name == "versions/1.json"), "{too_large}");
    assert_eq!(store.get_at_most("versions/1.json", 3).unwrap().unwrap(), b"one");
}

#[test]
fn a_server_with_a_certificate_of_its_own_is_used_once_the_secret_vouches_for_it() {
    let Some(s3) = S3::start_with_tls() else { return };
    let quick = || s3.root().with_patience(quick());
    let refused = quick().get("one").unwrap_err().to_string();
    assert!(refused.contains("vouched for by nobody") && refused.contains("ca.crt"), "{refused}");
    fs::write(s3.secret.join("ca.crt"), "no certificate").unwrap();
    let unread = quick().get("one").unwrap_err().to_string();
    assert!(unread.contains("ca.crt in the Secret"), "{unread}");
    fs::copy(s3.authority.as_ref().unwrap(), s3.secret.join("ca.crt")).unwrap();
    assert_eq!(quick().create("one", b"1").unwrap(), Created::Kept);
    assert_eq!(quick().get("one").unwrap().unwrap(), b"1");
}

#[test]
fn writers_at_the_same_time_leave_one_whole_object() {
    let Some(s3) = S3::start() else { return };
    let texts: Vec<Vec<u8>> = (0..8).map(|n| vec![n; 1 << 16]).collect();
    for round in 0..20 {
        // Each writer has a client of its own, as pods have.
        let name = format!("versions/{round}.json");
        let write = |text: &Vec<u8>| s3.store("race").create(&name, text).unwrap();
        let created: Vec<Created> = thread::scope(|scope| {
            let writers: Vec<_> = texts.iter().map(|text| scope.spawn(|| write(text))).collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).collect()
        });
        let found = s3.store("race").get(&name).unwrap().unwrap();
        let expected = |text: &Vec<u8>| if *text == found { Created::Kept } else { Created::Other(found.clone()) };
        assert_eq!(created, texts.iter().map(expected).collect::<Vec<_>>(), "round {round}");
        assert!(created.contains(&Created::Kept));
    }
}

#[test]
fn a_listing_of_several_pages_is_whole_and_in_order() {
    let Some(s3) = S3::start() else { return };
    let store = s3.store("many");
    // An S3 server answers at most 1,000 names a page.
    let names: Vec<String> = (0..1_203).map(|n| format!("records/2026-11-{:02}/{n:04}.ndjson", n % 28 + 1)).collect();
    thread::scope(|scope| {
        for part in names.chunks(names.len().div_ceil(4)) {
            let store = &store;
            scope.spawn(move || {
                part.iter().for_each(|name| {
                    store.create(name, &name.as_bytes()[..name.len() % 7]).unwrap();
                })
            });
        }
    });
    let of = |name: &String| Object { name: name.clone(), bytes: (name.len() % 7) as u64 };
    let mut wanted: Vec<Object> = names.iter().map(of).collect();
    wanted.sort();
    assert_eq!(store.list("records").unwrap(), wanted);
    wanted.retain(|object| object.name.starts_with("records/2026-11-05/"));
    assert_eq!(store.list("records/2026-11-05").unwrap(), wanted);
    assert_eq!(store.list("outcomes").unwrap(), []);
}

#[test]
fn a_removed_object_is_gone_and_removing_it_again_is_no_error() {
    let Some(s3) = S3::start() else { return };
    let store = s3.store("gone");
    store.create("records/a", b"a").unwrap();
    store.create("records/b", b"b").unwrap();
    store.remove("records/a").unwrap();
    store.remove("records/a").unwrap();
    assert_eq!(store.get("records/a").unwrap(), None);
    assert_eq!(store.list("records").unwrap(), [Object { name: "records/b".into(), bytes: 1 }]);
    assert_eq!(store.create("records/a", b"new").unwrap(), Created::Kept);
}

#[test]
fn folders_and_prefixes_do_not_see_each_other() {
    let Some(s3) = S3::start() else { return };
    let (one, other) = (s3.store("trial-a"), s3.store("trial-a-too"));
    one.within("onc/dropout").create("bundles/1", b"one").unwrap();
    other.within("onc/dropout").create("bundles/1", b"two").unwrap();
    assert_eq!(one.get("onc/dropout/bundles/1").unwrap().unwrap(), b"one");
    assert_eq!(other.within("onc").get("dropout/bundles/1").unwrap().unwrap(), b"two");
    assert_eq!(one.list("onc").unwrap(), [Object { name: "onc/dropout/bundles/1".into(), bytes: 3 }]);
    assert_eq!(one.within("onc").list("drop").unwrap(), []);
    for name in ["../trial-a-too/x", "/x", "a//b", "", "a/.", "a\u{0}b"] {
        assert!(matches!(one.get(name).unwrap_err(), StoreError::BadName(_)), "{name:?}");
    }
}

#[test]
fn a_large_object_goes_in_parts_and_is_created_once_too() {
    let Some(s3) = S3::start() else { return };
    let store = s3.store("large");
    let large: Vec<u8> = (0..20_u32 << 20).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    assert_eq!(store.create("bundle", &large).unwrap(), Created::Kept);
    assert!(store.get("bundle").unwrap().unwrap() == large);
    assert_eq!(store.create("bundle", &large).unwrap(), Created::Kept);
    let other = vec![7; large.len()];
    assert!(store.create("bundle", &other).unwrap() == Created::Other(large.clone()));
    let write = |text: &[u8]| s3.store("large").create("race", text).unwrap() == Created::Kept;
    let outcomes: Vec<bool> = thread::scope(|scope| {
        let writers = [scope.spawn(|| write(&large)), scope.spawn(|| write(&other))];
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    let found = store.get("race").unwrap().unwrap();
    assert_eq!(outcomes, [found == large, found == other]);
}

#[test]
fn an_object_is_found_by_its_own_uri() {
    let Some(s3) = S3::start() else { return };
    s3.store("data").create("onc/rows.csv", b"a,b\n").unwrap();
    let uri = "s3://trial/data/onc/rows.csv";
    let (store, name) = Store::holding(uri, "/".as_ref(), Some(&s3.secret)).unwrap();
    assert_eq!(store.get(name).unwrap().unwrap(), b"a,b\n");
    s3.root().create("top.csv", b"top").unwrap();
    let (store, name) = Store::holding("s3://trial/top.csv", "/".as_ref(), Some(&s3.secret)).unwrap();
    assert_eq!(store.get(name).unwrap().unwrap(), b"top");
}

#[test]
fn wrong_keys_are_refused_at_once_and_new_ones_count_at_once() {
    let Some(s3) = S3::start() else { return };
    let store = s3.store("keys");
    store.create("a", b"a").unwrap();
    let keys = s3.keys();
    let denied = |keys: &Keys| {
        s3.write(keys);
        let refusals = [
            store.get("a").unwrap_err(),
            store.create("b", b"b").unwrap_err(),
            store.list("c").unwrap_err(),
            store.remove("d").unwrap_err(),
        ];
        let sentences = refusals.map(|refusal| {
            assert!(matches!(refusal, StoreError::Denied(..)), "{refusal}");
            refusal.to_string()
        });
        assert!(sentences.iter().all(|sentence| !sentence.contains(keys.secret.as_str())), "{sentences:?}");
        sentences[0].clone()
    };
    let unknown = denied(&Keys { key: "nobody".into(), ..keys.clone() });
    assert!(unknown.contains("AWS_ACCESS_KEY_ID"), "{unknown}");
    let wrong = denied(&Keys { secret: "wrong".repeat(6), ..keys.clone() });
    assert!(wrong.contains("AWS_SECRET_ACCESS_KEY"), "{wrong}");
    fs::remove_file(s3.secret.join("AWS_ACCESS_KEY_ID")).unwrap();
    let missing = store.get("a").unwrap_err().to_string();
    assert!(missing.contains("no AWS_ACCESS_KEY_ID in") && missing.contains("add it to the Secret"), "{missing}");
    s3.write(&keys);
    assert_eq!(store.get("a").unwrap().unwrap(), b"a");
}

#[test]
fn a_bucket_that_is_not_there_is_named() {
    let Some(s3) = S3::start() else { return };
    let store = Store::open_with("s3://nowhere/x", "/".as_ref(), Some(&s3.secret)).unwrap();
    let refusals = [
        store.get("a").unwrap_err(),
        store.create("b", b"b").unwrap_err(),
        store.list("c").unwrap_err(),
        store.remove("d").unwrap_err(),
    ];
    for refusal in refusals {
        assert!(matches!(&refusal, StoreError::NoBucket(bucket, _) if bucket == "bucket nowhere"), "{refusal}");
    }
}

#[test]
fn a_server_that_is_gone_is_said_and_used_again_when_it_is_back() {
    let Some(s3) = S3::start() else { return };
    let keys = s3.keys();
    let store = s3.store("down").with_patience(Patience { attempts: 2, ..quick() });
    store.create("a", b"a").unwrap();
    s3.write(&Keys { endpoint: "http://127.0.0.1:1".into(), ..keys.clone() });
    let gone = store.get("a").unwrap_err().to_string();
    assert!(gone.contains("cannot read a") && gone.contains("cannot be reached"), "{gone}");
    s3.write(&keys);
    assert_eq!(store.get("a").unwrap().unwrap(), b"a");
}
