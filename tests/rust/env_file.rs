//! `.env` files: the corpus shared with python-dotenv, and properties of reading and mapping.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)] // a panic is how a test fails

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::Value;
use strongroom::env_file::{self, Mapped, Variable};

fn corpus() -> Vec<Value> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/env.json");
    let corpus: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    corpus["cases"].as_array().unwrap().clone()
}

fn text_of(case: &Value) -> Vec<u8> {
    match case.get("text") {
        Some(text) => text.as_str().unwrap().into(),
        None => data_encoding::HEXLOWER.decode(case["hex"].as_str().unwrap().as_bytes()).unwrap(),
    }
}

#[test]
fn the_corpus_is_read_as_python_dotenv_reads_it() {
    let corpus = corpus();
    assert!(corpus.len() >= 200, "{} cases", corpus.len());
    for case in &corpus {
        let name = &case["name"];
        let environ = |wanted: &str| Some(case.get("environ")?.get(wanted)?.as_str().unwrap().to_string());
        let parsed = env_file::parse(&text_of(case), &environ);
        if let Some(code) = case.get("error") {
            let error = parsed.unwrap_err();
            assert_eq!(error.code(), code, "{name}");
            assert!(error.to_string().starts_with(&format!("line {} ", case["line"])), "{name}: {error}");
            continue;
        }
        let parsed = parsed.unwrap_or_else(|error| panic!("{name}: {error}"));
        let found: serde_json::Map<_, _> = parsed
            .variables
            .iter()
            .map(|variable| (variable.name.clone(), variable.value.as_ref().map(|v| v.reveal_str().unwrap()).into()))
            .collect();
        assert_eq!(found.len(), parsed.variables.len(), "{name}: a name is there twice");
        assert_eq!(Value::from(found), case["expect"], "{name}");
        let skipped = case.get("skipped").cloned().unwrap_or_else(|| Vec::<Value>::new().into());
        assert_eq!(Value::from(parsed.skipped_lines), skipped, "{name}");
    }
}

fn variable(line: usize, name: &str, value: &str) -> Variable {
    Variable { name: name.into(), value: Some(value.into()), line }
}

/// Puts the plan into entries as an importer does, checks FORMAT.md's limits on them, and reads the variables back.
fn there_and_back(mapped: &[Mapped]) -> BTreeMap<String, String> {
    #[derive(Default)]
    struct Entry {
        secret: BTreeMap<String, String>,
        info: BTreeMap<String, String>,
    }
    let mut entries = BTreeMap::<&str, Entry>::new();
    for one in mapped {
        let entry = entries.entry(&one.entry).or_default();
        let part = if one.secret { &mut entry.secret } else { &mut entry.info };
        let before = part.insert(one.field.clone(), one.value.reveal_str().unwrap().into());
        assert_eq!(before, None, "{}: two variables share {}", one.entry, one.field);
        let (name, text) = one.mapping();
        entry.info.insert(name, text);
    }
    let mut variables = BTreeMap::new();
    for (name, Entry { secret, info }) in &entries {
        let is_name = |n: &str| {
            (1..=64).contains(&n.len())
                && n.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
                && n != "."
                && n != ".."
        };
        assert!(name.len() <= 64 && name.split('/').count() == 2 && name.split('/').all(is_name), "{name}");
        assert!(secret.keys().chain(info.keys()).all(|n| is_name(n)), "{name}");
        assert!(secret.keys().all(|n| !info.contains_key(n)), "{name}: a field is an info as well");
        assert!(secret.len() <= 64 && info.len() <= 64, "{name}");
        let size = |part: &BTreeMap<String, String>| part.iter().map(|(n, v)| n.len() + v.len() + 8).sum::<usize>();
        assert!(size(secret) <= 60_000 && size(info) <= 2_600, "{name}: {} and {}", size(secret), size(info));

        let fields: Vec<String> = secret.keys().cloned().collect();
        for (variable, field) in env_file::variables_of(info, &fields) {
            let value = secret.get(&field).or_else(|| info.get(&field)).unwrap();
            assert_eq!(variables.insert(variable, value.clone()), None, "{name}: a variable is there twice");
        }
    }
    variables
}

fn entries(variables: Vec<Variable>) -> Vec<(String, String, String, bool)> {
    let plan = env_file::plan(variables);
    assert_eq!(plan.left_out, []);
    there_and_back(&plan.mapped);
    plan.mapped.into_iter().map(|m| (m.variable, m.entry, m.field, m.secret)).collect()
}

#[test]
fn a_bots_file_goes_to_its_entries() {
    let text =
        b"BINANCE_API_KEY=k\nBINANCE_SECRET=s\nBINANCE_API_SECRET=s2\nOKX_PASSPHRASE=p\nTELEGRAM_TOKEN=t\nLOG_LEVEL=";
    let found = entries(env_file::parse(text, &|_| None).unwrap().variables);
    let expected = [
        ("BINANCE_API_KEY", "binance/main", "api_key", false),
        ("BINANCE_SECRET", "binance/main", "secret", true),
        ("BINANCE_API_SECRET", "env/main", "BINANCE_API_SECRET", true),
        ("OKX_PASSPHRASE", "okx/main", "password", true),
        ("TELEGRAM_TOKEN", "env/main", "TELEGRAM_TOKEN", true),
        ("LOG_LEVEL", "env/main", "LOG_LEVEL", true),
    ];
    assert_eq!(found, expected.map(|(v, e, f, s)| (v.into(), e.into(), f.into(), s)));
}

#[test]
fn a_long_or_multi_line_key_id_is_kept_as_a_secret() {
    for (value, secret) in
        [("k".repeat(256), false), ("k".repeat(257), true), ("a\nb".into(), true), (String::new(), false)]
    {
        let found = entries(vec![variable(1, "BINANCE_API_KEY", &value)]);
        assert_eq!((found[0].2.as_str(), found[0].3), ("api_key", secret));
    }
}

#[test]
fn what_does_not_fit_goes_to_the_next_entry() {
    let many = entries((0..129).map(|n| variable(n, &format!("V{n}"), "")).collect());
    let last: Vec<_> = [63, 64, 127, 128].map(|n: usize| many[n].1.as_str()).into();
    assert_eq!(last, ["env/main", "env/main-2", "env/main-2", "env/main-3"]);

    let large = "x".repeat(30_000);
    let found = entries(["A", "B", "C"].map(|name| variable(1, name, &large)).into());
    assert_eq!(found.iter().map(|m| m.1.as_str()).collect::<Vec<_>>(), ["env/main", "env/main-2", "env/main-3"]);

    let found = entries(["OKX_SECRET", "OKX_PASSWORD"].map(|name| variable(1, name, &large)).into());
    assert_eq!(found.iter().map(|m| m.1.as_str()).collect::<Vec<_>>(), ["okx/main", "env/main"]);
}

#[test]
fn what_cannot_be_kept_is_told_by_its_line_alone() {
    let text = format!(
        "BARE\n'A B'=1\ngröße=1\n{}=1\nenv=1\nenv.A=1\n..=1\nBIG={}\nPEM=-----BEGIN KEY-----\nLD_PRELOAD=x\nPath=x\nGOOD=1\n{}=1",
        "L".repeat(65),
        "x".repeat(60_000),
        "M".repeat(64),
    );
    let plan = env_file::plan(env_file::parse(text.as_bytes(), &|_| None).unwrap().variables);
    assert_eq!(plan.left_out.iter().map(|left| left.line).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    assert_eq!(plan.left_out.iter().map(|left| left.why).collect::<BTreeSet<_>>().len(), 6);
    assert_eq!(plan.mapped.iter().map(|one| one.variable.len()).collect::<Vec<_>>(), [4, 64]);
}

#[test]
fn a_hostile_mapping_gives_no_hostile_names() {
    let info = |pairs: &[(&str, &str)]| pairs.iter().map(|(n, t)| (n.to_string(), t.to_string())).collect();
    let fields = ["secret".to_string(), "a=b".to_string(), "token".to_string()];
    for (pairs, expected) in [
        (vec![("env.secret", "A")], vec![("A", "secret")]),
        (vec![("env.secret", "A=B")], vec![]),
        (vec![("env.secret", "A\0B")], vec![]),
        (vec![("env.secret", "")], vec![]),
        (vec![("env.absent", "A")], vec![]),
        (vec![("env.secret", "LD_PRELOAD"), ("env.token", "pythonpath")], vec![]),
        (vec![("env.secret", "A"), ("env.token", "A")], vec![("A", "secret")]),
        (vec![("env", "fields")], vec![("secret", "secret"), ("token", "token")]),
        (vec![("env", "other")], vec![]),
        (vec![("env", "fields"), ("env.token", "T")], vec![("T", "token"), ("secret", "secret")]),
        (vec![("env.api_key", "K"), ("api_key", "k")], vec![("K", "api_key")]),
    ] {
        let found = env_file::variables_of(&info(&pairs), &fields);
        let expected: Vec<_> = expected.into_iter().map(|(v, f)| (v.to_string(), f.to_string())).collect();
        assert_eq!(found, expected, "{pairs:?}");
    }
}

#[test]
fn debug_of_a_plan_shows_no_value() {
    let plan = env_file::plan(vec![variable(1, "OKX_SECRET", "hunter2"), variable(2, "OKX_API_KEY", "hunter3")]);
    assert!(!format!("{plan:?}").contains("hunter"));
}

fn values() -> impl Strategy<Value = String> {
    prop_oneof![4 => "\\PC{0,20}", 1 => "[a-z\n]{200,300}", 1 => Just("x".repeat(20_000))]
}

/// Names that meet: of exchanges, of accounts, of fields, and of nothing.
fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        "(BINANCE|KRAKEN|OKX|HYPERLIQUID)(_TESTNET|_2|_US|_X)?_(API_KEY|KEY|SECRET|API_SECRET|PRIVATE_KEY|PASSPHRASE|UID|TOKEN|LOGIN)(_2)?",
        "(env|env\\.|env\\.secret|fields|secret|api_key|BINANCE|[A-Za-z0-9._-]{1,66})",
        "\\PC{0,8}",
    ]
}

proptest! {
    #[test]
    fn reading_any_bytes_does_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = env_file::parse(&bytes, &|_| Some("${A}".into()));
    }

    #[test]
    fn reading_any_marks_does_not_panic(text in "([A-C'\"#=\\\\${}:\\- \t\r\n\u{85}\u{feff}ä]|export ){0,60}") {
        let parsed = env_file::parse(text.as_bytes(), &|name| (name == "A").then(|| "${B}".into())).unwrap();
        let lines = 1 + text.matches(['\r', '\n']).count();
        prop_assert!(parsed.skipped_lines.is_sorted());
        prop_assert!(parsed.skipped_lines.iter().chain(parsed.variables.iter().map(|v| &v.line)).all(|n| (1..=lines).contains(n)));
    }

    #[test]
    fn a_value_in_double_quotes_comes_back(value in "[^\0]{0,80}") {
        let quoted = value.replace('\\', "\\\\").replace('"', "\\\"").replace("${", "$${D}{");
        let lookup = |name: &str| (name == "D").then(String::new);
        let parsed = env_file::parse(format!("A=\"{quoted}\"").as_bytes(), &lookup).unwrap();
        prop_assert_eq!(parsed.variables[0].value.as_ref().unwrap().reveal_str().unwrap(), value);
    }

    #[test]
    fn variables_come_back_from_their_entries(
        variables in proptest::collection::btree_map(names(), proptest::option::of(values()), 0..150),
    ) {
        let numbered = variables.iter().enumerate();
        let plan = env_file::plan(numbered.map(|(line, (name, value))| {
            Variable { name: name.clone(), value: value.as_deref().map(Into::into), line }
        }).collect());
        prop_assert_eq!(plan.mapped.len() + plan.left_out.len(), variables.len());
        let names: Vec<_> = variables.keys().collect();
        let left_out: BTreeSet<_> = plan.left_out.iter().map(|left| names[left.line]).collect();
        let kept: BTreeMap<_, _> = variables.iter().filter(|(name, _)| !left_out.contains(name))
            .map(|(name, value)| (name.clone(), value.clone().unwrap())).collect();
        prop_assert_eq!(there_and_back(&plan.mapped), kept);
    }
}
